#include "machine.h"
#include "race.h"

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <thread>

namespace emu {

namespace {

Kernel *&kernels() {
  static Kernel *first;
  return first;
}

} // namespace

Kernel::Kernel(const char *name, void (*run)(const void *), size_t args, unsigned threads)
    : name(name), run(run), args(args), threads(threads), next(kernels()) {
  kernels() = this;
}

const Kernel *find_kernel(const char *name) {
  for (auto *k = kernels(); k; k = k->next)
    if (!strcmp(k->name, name)) return k;
  return nullptr;
}

long setting(const char *name, long otherwise) {
  const char *text = getenv((std::string("LLAMAEVAL_EMU_") + name).c_str());
  return text && *text ? strtol(text, nullptr, 10) : otherwise;
}

char *take_memory(size_t bytes, Memory &m) {
  constexpr size_t page = 4096;
  size_t whole = (bytes + page - 1) / page * page;
  m = {nullptr, whole + 2 * page, bytes};
  void *p = mmap(nullptr, m.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  m.mapping = static_cast<char *>(p);
  char *body = m.mapping + page;
  mprotect(body, whole, PROT_READ | PROT_WRITE);
  memset(body, 0xff, whole);
  return body + (whole - (bytes + 15) / 16 * 16);
}

void give_back(const Memory &m) { munmap(m.mapping, m.mapped); }

bool in_memory(const std::map<uintptr_t, Memory> &all, uintptr_t at, size_t bytes) {
  auto after = all.upper_bound(at);
  if (after == all.begin()) return false;
  auto &[start, m] = *--after;
  return at >= start && at + bytes <= start + m.size;
}

void Stream::push(Work w) {
  if (capture) {
    capture->works.push_back(std::move(w));
    return;
  }
  queue.push_back(std::move(w));
  queued++;
}

CUresult Stream::run_until(uint64_t count) {
  while (done < count && !queue.empty()) {
    Work w = std::move(queue.front());
    queue.pop_front();
    done++;
    if (context->lost) continue;
    if (CUresult r = w()) context->lost = r;
  }
  return context->lost;
}

CUresult Context::run_all() {
  for (auto *s : streams) s->run_until(s->queued);
  return lost;
}

bool Context::capturing() const {
  for (auto *s : streams)
    if (s->capture) return true;
  return false;
}

CUresult Context::launch(const Kernel *k, const void *args, Dim grid, size_t shared) {
  if (launches_left == 0) return CUDA_ERROR_LAUNCH_FAILED;
  if (launches_left > 0) launches_left--;
  std::string message;
  uint64_t seed = static_cast<uint64_t>(setting("SEED", 1)) * 1000003 + launched++;
  if (run_grid({k, args, grid, shared, seed}, message)) return CUDA_SUCCESS;
  fprintf(stderr, "emulator: %s\n", message.c_str());
  return CUDA_ERROR_ILLEGAL_ADDRESS;
}

namespace {

struct sigaction before; // who handled faults

// A fault in a kernel is the kernel's; any other goes to whom it belongs.
void on_fault(int signal, siginfo_t *info, void *context) {
  if (in_block()) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    fail("it touches %p, which is not its memory", info->si_addr);
  }
  if (before.sa_flags & SA_SIGINFO) return before.sa_sigaction(signal, info, context);
  sigaction(signal, &before, nullptr);
}

// Workers are the host's threads that run blocks.
struct Workers {
  std::mutex mutex;
  std::condition_variable start, finished;
  const Launch *launch = nullptr;
  std::string message;
  std::atomic<uint64_t> next{0};
  uint64_t blocks = 0, round = 0;
  unsigned busy = 0, count;

  Workers() : count(races ? 1 : std::max(1u, std::min(8u, std::thread::hardware_concurrency()))) {
    struct sigaction a{};
    a.sa_sigaction = on_fault;
    a.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &a, &before);
    for (unsigned i = 0; i < count; i++) std::thread([this] { work(); }).detach();
  }

  void work() {
    uint64_t seen = 0;
    for (;;) {
      {
        std::unique_lock<std::mutex> lock(mutex);
        start.wait(lock, [&] { return round != seen; });
        seen = round;
      }
      run_some();
      std::lock_guard<std::mutex> lock(mutex);
      if (--busy == 0) finished.notify_one();
    }
  }

  void run_some() {
    for (uint64_t i; (i = next++) < blocks;) {
      Dim g = launch->grid;
      Dim at{static_cast<unsigned>(i % g.x), static_cast<unsigned>(i / g.x % g.y), static_cast<unsigned>(i / g.x / g.y)};
      char text[768] = "";
      run_block(*launch, at, text, sizeof text);
      if (!*text) continue;
      std::lock_guard<std::mutex> lock(mutex);
      if (message.empty()) message = text;
      next = blocks;
    }
  }

  bool run(const Launch &l, std::string &text) {
    std::unique_lock<std::mutex> lock(mutex);
    launch = &l, next = 0, busy = count, message.clear();
    blocks = uint64_t{l.grid.x} * l.grid.y * l.grid.z;
    round++;
    start.notify_all();
    finished.wait(lock, [&] { return busy == 0; });
    text = message;
    return text.empty();
  }
};

} // namespace

bool run_grid(const Launch &l, std::string &message) {
  if constexpr (races) race_launch();
  static auto *workers = new Workers; // its threads live as long as the process
  return workers->run(l, message);
}

} // namespace emu
