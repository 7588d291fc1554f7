#include "driver/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "support/diag.h"
#include "support/text.h"

extern char** environ;

namespace motec {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxOutput = size_t{8} << 20;

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    internal_check(pipe2(ends, O_CLOEXEC) == 0, "pipe: {}", std::strerror(errno));
    read = ends[0], write = ends[1];
  }
  ~Pipe() {
    close(read);
    close_write();
  }
  void close_write() {
    if (write >= 0) close(write);
    write = -1;
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

// Its own process group, so that all it starts can be killed with it.
pid_t spawn(const Argv& argv, const ProcessOptions& options, const Pipe& out, const Pipe& err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write, STDERR_FILENO);
  if (!options.directory.empty())
    posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error) {
    fail({.code = "E5200",
          .message = fmt::format("cannot run {}", argv[0]),
          .why = {std::strerror(error)}});
  }
  return pid;
}

// Reads both pipes to their ends. Returns false when the time is over before.
bool drain(const Pipe& out, const Pipe& err, ProcessResult& result,
           std::chrono::steady_clock::time_point deadline) {
  struct pollfd fds[2] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
  std::string* texts[2] = {&result.out, &result.err};
  std::vector<char> chunk(size_t{1} << 16);
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (poll(fds, 2, static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      const ssize_t n = read(fds[i].fd, chunk.data(), chunk.size());
      if (n <= 0) {
        fds[i].fd = -1;
      } else if (texts[i]->size() < kMaxOutput) {
        texts[i]->append(chunk.data(), static_cast<size_t>(n));
      }
    }
  }
  return true;
}

}  // namespace

ProcessResult run_process(const Argv& argv, const ProcessOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  Pipe out, err;
  const pid_t pid = spawn(argv, options, out, err);
  out.close_write();
  err.close_write();
  ProcessResult result;
  result.timed_out = !drain(out, err, result, deadline);
  if (result.timed_out) kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::vector<std::optional<ProcessResult>> run_processes(const std::vector<Argv>& commands,
                                                        const ProcessOptions& options, int jobs) {
  std::vector<std::optional<ProcessResult>> results(commands.size());
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&] {
    for (size_t i; !failed && (i = next++) < commands.size();) {
      try {
        results[i] = run_process(commands[i], options);
        if (!results[i]->ok()) failed = true;
      } catch (...) {
        const std::lock_guard lock(error_mutex);
        error = std::current_exception();
        failed = true;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < jobs && i < std::ssize(commands); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
  return results;
}

bool is_executable(const std::string& name) {
  if (name.find('/') != name.npos) return access(name.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  for (const std::string& dir : split(path ? path : "/usr/bin:/bin", ':'))
    if (access((fs::path(dir.empty() ? "." : dir) / name).c_str(), X_OK) == 0) return true;
  return false;
}

std::string command_text(const Argv& argv) {
  std::string text;
  for (const std::string& word : argv) {
    const bool plain = !word.empty() && word.find_first_of(" '\"\\$&;|<>()*?`!#~") == word.npos;
    text += fmt::format("{0}{1}{2}{1}", text.empty() ? "" : " ", plain ? "" : "'", word);
  }
  return text;
}

TemporaryDirectory::TemporaryDirectory() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string name = (error ? fs::path("/tmp") : parent) / "motec-XXXXXX";
  if (!mkdtemp(name.data())) {
    fail({.code = "E1002",
          .message = fmt::format("cannot make a temporary directory {}", name),
          .why = {std::strerror(errno)},
          .hint = "set TMPDIR to a directory that you may write to"});
  }
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace motec
