package objects

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// retries bounds the attempts of one request, which wait 0.2 to 1 second
// between each other.
const retries = 5

// An s3Bucket is one of Amazon's or of a server that speaks its protocol.
type s3Bucket struct {
	name   string
	client minio.Core
}

// openS3 reads where the server is and who asks from the variables that
// Amazon's own programs know.
func openS3(name string) (bucket, error) {
	o := minio.Options{Secure: true, Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")), MaxRetries: retries}
	endpoint := "s3.amazonaws.com"
	if own := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL")); own != "" {
		u, err := url.Parse(own)
		if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errors.New("AWS_ENDPOINT_URL is not the address of a server: write for example https://s3.example.org")
		}
		endpoint, o.Secure, o.BucketLookup = u.Host, u.Scheme == "https", minio.BucketLookupPath
		o.Region = cmp.Or(o.Region, "us-east-1") // servers of one's own have one, whatever it is called
	}
	o.Creds = s3Credentials()
	client, err := minio.New(endpoint, &o)
	return s3Bucket{name, minio.Core{Client: client}}, err
}

// s3Credentials are looked for in the environment, then in the file and
// profile that it names, then at the machine's role, which answers at once or
// is not there.
func s3Credentials() *credentials.Credentials {
	chain := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if os.Getenv("AWS_EC2_METADATA_DISABLED") != "true" || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" {
		chain = append(chain, &credentials.IAM{Client: &http.Client{Timeout: 5 * time.Second}})
	}
	return credentials.New(&required{&credentials.Chain{Providers: chain}})
}

// required is a chain that has to find something: a request without
// credentials would be refused for a reason that is hard to guess.
type required struct{ *credentials.Chain }

func (r *required) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	v, err := r.Chain.RetrieveWithCredContext(c)
	if err == nil && v.AccessKeyID == "" {
		err = noCredentials{}
	}
	return v, err
}

func (b s3Bucket) read(ctx context.Context, key string) (io.ReadCloser, error) {
	r, _, _, err := b.client.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	return r, err
}

// A PUT of more than single bytes is made in parts of at least that size, of
// which a store takes so many.
const (
	single = 64 << 20
	parts  = 10000
)

func (b s3Bucket) write(ctx context.Context, key string, r *io.SectionReader, o writing) error {
	how := minio.PutObjectOptions{ContentType: o.kind, DisableMultipart: true}
	if o.create {
		how.SetMatchETagExcept("*")
	}
	if r.Size() > single {
		return b.writeParts(ctx, key, r, how)
	}
	_, err := b.client.Client.PutObject(ctx, b.name, key, r, r.Size(), how)
	return err
}

// writeParts is made of the library's parts: its own whole forgets the
// condition.
func (b s3Bucket) writeParts(ctx context.Context, key string, r *io.SectionReader, how minio.PutObjectOptions) (err error) {
	id, err := b.client.NewMultipartUpload(ctx, b.name, key, minio.PutObjectOptions{ContentType: how.ContentType})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil { // parts that nobody asks for cost money; the context may have ended
			_ = b.client.AbortMultipartUpload(context.WithoutCancel(ctx), b.name, key, id)
		}
	}()
	var done []minio.CompletePart
	step := max(single, (r.Size()+parts-1)/parts)
	for at := int64(0); at < r.Size(); at += step {
		n := min(step, r.Size()-at)
		p, err := b.client.PutObjectPart(ctx, b.name, key, id, len(done)+1, io.NewSectionReader(r, at, n), n, minio.PutObjectPartOptions{})
		if err != nil {
			return err
		}
		done = append(done, minio.CompletePart{PartNumber: p.PartNumber, ETag: p.ETag})
	}
	_, err = b.client.CompleteMultipartUpload(ctx, b.name, key, id, done, how)
	return err
}

func (b s3Bucket) remove(ctx context.Context, key string) error {
	return b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{})
}

func (b s3Bucket) list(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ctx, cancel := context.WithCancel(ctx) // ends a listing that is left early
		defer cancel()
		for o := range b.client.Client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			version := o.ETag
			if version == "" {
				version = fmt.Sprintf("%d-%d", o.Size, o.LastModified.UnixNano())
			}
			if !yield(Object{o.Key, o.Size, version}, o.Err) || o.Err != nil {
				return
			}
		}
	}
}

var s3Classes = map[string]class{
	minio.NoSuchKey: missing, minio.NoSuchBucket: noBucket,
	"PreconditionFailed": exists, "ConditionalRequestConflict": exists,
	"InvalidAccessKeyId": refused, "SignatureDoesNotMatch": refused, "InvalidToken": refused, "ExpiredToken": refused,
	minio.AccessDenied: denied, "Forbidden": denied,
}

func (s3Bucket) failure(err error) failure {
	var e minio.ErrorResponse
	if !errors.As(err, &e) {
		return failure{}
	}
	f := failure{s3Classes[e.Code], cmp.Or(e.Code, http.StatusText(e.StatusCode)), oneLine(e.Error())}
	if f.class == other && e.StatusCode == http.StatusPreconditionFailed {
		f.class = exists
	}
	return f
}
