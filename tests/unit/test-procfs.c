/* The identity of processes. */
#include "base/fd.h"
#include "base/procfs.h"
#include "sys/sys.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int proc = -EBADF;

static bool has_ended(pid_t pid)
{
        struct process_identity identity = { 0 };
        struct err err = { 0 };

        if (proc < 0)
                proc = procfs_open(&err);
        CHECK(procfs_identify(proc, pid, &identity) == 0);
        CHECK(identity.start_time > 0);
        return identity.has_ended;
}

/* Tell that this is the only thread that is left, and live. */
static void *survive(void *ready)
{
        char state = 'R', path[64];

        /* the first thread is about to become a zombie, and nobody is told of that */
        snprintf(path, sizeof path, "/proc/%d/stat", (int)getpid());
        while (state != 'Z') {
                FILE *f = fopen(path, "re");

                if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
                        _exit(1);
                fclose(f);
        }
        if (write(*(int *)ready, "x", 1) != 1)
                _exit(1);
        for (;;)
                pause();
}

static pid_t fork_process_without_first_thread(void)
{
        static int ready[2]; /* the stack of a thread that has ended is not there any more */
        char byte;
        pid_t pid;

        CHECK(pipe(ready) == 0);
        pid = fork();
        if (pid == 0) {
                pthread_t thread;

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (pthread_create(&thread, NULL, survive, &ready[1]) != 0)
                        _exit(1);
                pthread_exit(NULL);
        }
        close(ready[1]);
        CHECK(read(ready[0], &byte, 1) == 1);
        close(ready[0]);
        return pid;
}

/* A container whose first thread has ended must not look stopped: it could not be killed any more. */
TEST(a_process_lives_as_long_as_one_of_its_threads)
{
        pid_t pid = fork_process_without_first_thread();
        siginfo_t info;

        CHECK(!has_ended(pid));
        CHECK(kill(pid, SIGKILL) == 0);
        CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
        CHECK(has_ended(pid));
        CHECK(waitpid(pid, NULL, 0) == pid);
}

TEST(a_name_cannot_forge_the_fields)
{
        CHECK(prctl(PR_SET_NAME, "a) Z 1 1 1") == 0);
        CHECK(!has_ended(getpid()));
}

TEST(a_process_that_is_gone)
{
        struct process_identity identity;
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        CHECK(procfs_identify(proc, pid, &identity) == -ESRCH);
        CHECK(sys_pidfd_open(pid) == -ESRCH);
}

static void *wait_for_byte(void *pipe)
{
        int *fds = pipe;
        pid_t thread = (pid_t)syscall(SYS_gettid);
        char byte;

        if (write(fds[1], &thread, sizeof thread) != sizeof thread || read(fds[2], &byte, 1) != 0)
                abort();
        return NULL;
}

/* "container not running", and not "no such file or directory", when a thread got the number */
TEST(the_number_of_a_thread_is_no_process)
{
        int fds[2], end[2], all[3];
        pthread_t thread;
        pid_t id;

        CHECK(pipe(fds) == 0 && pipe(end) == 0);
        all[0] = fds[0], all[1] = fds[1], all[2] = end[0];
        CHECK(pthread_create(&thread, NULL, wait_for_byte, all) == 0);
        CHECK(read(fds[0], &id, sizeof id) == sizeof id);
        CHECK(sys_pidfd_open(id) == -ESRCH);
        close(end[1]);
        CHECK(pthread_join(thread, NULL) == 0);
        close(end[0]), close(fds[0]), close(fds[1]);
}
