/*
 * A disk that fails on order, for LD_PRELOAD.
 *
 * FAULT_FOLDER  only files in this folder (and the folder itself) are touched
 * FAULT_ORDERS  a file that the test makes, changes and removes; one order a line, `CALL WHAT`:
 *                   fsync EIO      fsync and fdatasync fail
 *                   write ENOSPC   every kind of write fails; a full disk takes half of a large write first
 *                   read EIO       every kind of read fails
 *                   open EROFS     opening for writing fails
 *                   fsync HANG     fsync does not return while the order stands
 * FAULT_LOG     one line for each call that was made to fail, so that a test can tell that its fault was met
 *
 * Each call looks at the orders anew: a fault begins and ends in a running process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define HANG (-1)

static int in_folder(const char *path) {
    const char *folder = getenv("FAULT_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    return length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* What the orders say of this call: 0 nothing, HANG, or an errno. */
static int ordered(const char *call) {
    char text[256] = "", line[32];
    const char *orders = getenv("FAULT_ORDERS");
    int file = orders ? REAL(open)(orders, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    ssize_t length = REAL(read)(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 0;
    static const struct { const char *name; int value; } known[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EROFS", EROFS}, {"HANG", HANG},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        snprintf(line, sizeof line, "%s %s", call, known[i].name);
        if (strstr(text, line)) return known[i].value;
    }
    return 0;
}

static void note(const char *call, const char *path, int fault) {
    char line[PATH_MAX + 64];
    const char *log = getenv("FAULT_LOG");
    int file = log ? REAL(open)(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    int length = snprintf(line, sizeof line, "%s %s %s\n", call, path, fault == HANG ? "hangs" : strerror(fault));
    if (REAL(write)(file, line, length) < 0) abort();
    close(file);
}

static int fault_at(const char *call, const char *path) {
    int before = errno, fault = in_folder(path) ? ordered(call) : 0;
    if (fault) note(call, path, fault);
    while (fault == HANG) {
        usleep(2000);
        fault = ordered(call);
    }
    errno = fault ? fault : before;
    return fault;
}

static int fault_of(const char *call, int fd) {
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = 0;
    return fault_at(call, path);
}

int fsync(int fd) { return fault_of("fsync", fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fault_of("fsync", fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t length) { return fault_of("write", fd) ? -1 : REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return fault_of("write", fd) ? -1 : REAL(ftruncate64)(fd, length); }

/* How much of a write of this size goes through: all, half of it, or (0) nothing. */
static size_t room(int fd, size_t size) {
    int fault = fault_of("write", fd);
    if (!fault) return size;
    return fault == ENOSPC && size >= 512 ? size / 2 : 0;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    size_t fits = room(fd, size);
    return fits || !size ? REAL(write)(fd, bytes, fits) : -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    size_t fits = room(fd, size);
    return fits || !size ? REAL(pwrite)(fd, bytes, fits, at) : -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    size_t fits = room(fd, size);
    return fits || !size ? REAL(pwrite64)(fd, bytes, fits, at) : -1;
}

ssize_t read(int fd, void *into, size_t size) {
    return fault_of("read", fd) ? -1 : REAL(read)(fd, into, size);
}

ssize_t pread(int fd, void *into, size_t size, off_t at) {
    return fault_of("read", fd) ? -1 : REAL(pread)(fd, into, size, at);
}

ssize_t pread64(int fd, void *into, size_t size, off64_t at) {
    return fault_of("read", fd) ? -1 : REAL(pread64)(fd, into, size, at);
}

static int may_open(const char *path, int flags) {
    return (flags & O_ACCMODE) == O_RDONLY || !fault_at("open", path);
}

#define OPEN(name)                                         \
    int name(const char *path, int flags, ...) {           \
        va_list rest;                                      \
        va_start(rest, flags);                             \
        mode_t mode = va_arg(rest, mode_t);                \
        va_end(rest);                                      \
        if (!may_open(path, flags)) return -1;             \
        return REAL(name)(path, flags, mode);              \
    }
OPEN(open)
OPEN(open64)
