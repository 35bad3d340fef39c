/* What a seccomp profile costs, with our program and with libseccomp's:  bench-seccomp PROFILE.JSON
 *
 * PROFILE.JSON is the value of linux.seccomp, such as tests/bats/seccomp-profile.json.  Prints the numbers of
 * instructions, the median times to plan, to compile and to load, and the mean time of a system call with the filter in
 * force.  A loaded filter cannot be taken off: each load is a process of its own. */
#include "tests/unit/seccomp.h"

#include "base/buf.h"
#include "base/err.h"
#include "facility/seccomp.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define N_ROUNDS 100
#define N_CALLS 200000

static void fail_with(const char *what, const struct err *err)
{
        fprintf(stderr, "bench-seccomp: %s: %s %s\n", what, err->where, err->what);
        exit(EXIT_FAILURE);
}

/* The processor's time, in microseconds: other processes do not count. */
static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare_times(const void *x, const void *y)
{
        const double *a = x, *b = y;

        return *a < *b ? -1 : *a > *b;
}

static double median(double *times, size_t n)
{
        qsort(times, n, sizeof *times, compare_times);
        return times[n / 2];
}

/* The times that `measure` says, each in a process of its own. */
static double in_processes(double (*measure)(const struct filter *), const struct filter *f, size_t n)
{
        _free_ double *times = xcalloc(n, sizeof *times);

        for (size_t i = 0; i < n; i++) {
                int pipe_fds[2], status = 0;
                pid_t pid;

                if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                        abort();
                pid = fork();
                if (pid == 0) {
                        times[i] = measure(f);
                        _exit(write(pipe_fds[1], &times[i], sizeof times[i]) != sizeof times[i]);
                }
                if (pid < 0 || read(pipe_fds[0], &times[i], sizeof times[i]) != sizeof times[i] ||
                    waitpid(pid, &status, 0) != pid || status != 0)
                        abort();
                close(pipe_fds[0]);
                close(pipe_fds[1]);
        }
        return median(times, n);
}

static double load(const struct filter *f)
{
        struct sock_fprog program = { .len = (unsigned short)f->n, .filter = f->code };
        double start;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                abort();
        start = now();
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                abort();
        return now() - start;
}

/* getppid(2), which profiles allow; the kernel decides by the number alone and remembers that, so one whose arguments
 * the profile looks at is measured too. */
static double call(const struct filter *f)
{
        double start;

        if (f->n > 0)
                load(f);
        start = now();
        for (int i = 0; i < N_CALLS; i++)
                syscall(SYS_getppid);
        return (now() - start) / N_CALLS;
}

static double call_with_arguments(const struct filter *f)
{
        double start;

        if (f->n > 0)
                load(f);
        start = now();
        for (int i = 0; i < N_CALLS; i++)
                syscall(SYS_personality, 0xffffffff);
        return (now() - start) / N_CALLS;
}

static struct oci_seccomp *read_profile(const char *path, struct arena *arena)
{
        struct oci_seccomp *profile = arena_alloc(arena, sizeof *profile);
        _close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        _buf_ struct buf text = { 0 };
        struct err err = { 0 };
        char part[65536];
        ssize_t n;

        while ((n = read(fd, part, sizeof part)) > 0)
                buf_append(&text, part, (size_t)n);
        if (n < 0 || text.len == 0)
                refuse(&err, -EINVAL, "cannot be read");
        else
                spec_read(spec_type(oci_seccomp), text.data, text.len, arena, profile, &err);
        if (err.code < 0)
                fail_with(path, &err);
        return profile;
}

static struct filter measure_ours(const struct oci_config *config)
{
        double plan_times[N_ROUNDS], compile_times[N_ROUNDS];
        struct filter f = { 0 };

        for (size_t i = 0; i < N_ROUNDS; i++) {
                _arena_ struct arena *arena = arena_new();
                struct seccomp_plan plan;
                struct err err = { 0 };
                double start = now(), middle;

                free(f.code);
                if (seccomp_plan(config, arena, &plan, &err) < 0)
                        fail_with("plan", &err);
                middle = now();
                if (seccomp_compile(&plan, &f.code, &f.n, &err) < 0)
                        fail_with("compile", &err);
                compile_times[i] = now() - middle;
                plan_times[i] = middle - start;
        }
        printf("ours: plan %.0f us, compile %.0f us\n", median(plan_times, N_ROUNDS), median(compile_times, N_ROUNDS));
        return f;
}

static struct filter measure_theirs(const struct oci_config *config)
{
        double times[N_ROUNDS / 10];
        struct filter f = { 0 };

        for (size_t i = 0; i < N_ELEMENTS(times); i++) {
                double start = now();
                scmp_filter_ctx context = libseccomp_context(config->linux->seccomp);

                free(f.code);
                f = export(context);
                times[i] = now() - start;
                seccomp_release(context);
        }
        printf("libseccomp: compile %.0f us\n", median(times, N_ELEMENTS(times)));
        return f;
}

int main(int argc, char **argv)
{
        _arena_ struct arena *arena = arena_new();
        struct filter programs[4] = { 0 };
        static const char *const names[] = { "ours", "libseccomp", "the least filter", "no filter" };
        static struct sock_filter least[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
        struct oci_linux linux_part = { 0 };
        const struct oci_config config = { .linux = &linux_part };

        if (argc != 2) {
                fprintf(stderr, "usage: bench-seccomp PROFILE.JSON\n");
                return EXIT_FAILURE;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        linux_part.seccomp = read_profile(argv[1], arena);
        programs[0] = measure_ours(&config);
        programs[1] = measure_theirs(&config);
        programs[2] = (struct filter){ least, 1 };
        for (size_t i = 0; i < N_ELEMENTS(programs); i++) {
                const struct filter *f = &programs[i];

                printf("%s: %zu instructions", names[i], f->n);
                if (f->n > 0)
                        printf(", load %.0f us", in_processes(load, f, N_ROUNDS));
                printf(", a system call %.3f us, with conditions %.3f us\n", in_processes(call, f, 5),
                       in_processes(call_with_arguments, f, 5));
        }
        free(programs[0].code);
        free(programs[1].code);
        return EXIT_SUCCESS;
}
