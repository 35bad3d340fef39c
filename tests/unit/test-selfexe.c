/* The runtime's own program cannot be overwritten through /proc/PID/exe.
 *
 * The test executes itself as the program that wants to be protected. */
#include "facility/selfexe.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Let the system call fail with EPERM, as in a container without privileges; also after execve(2). */
static void forbid(unsigned number)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
                _exit(99);
}

/* The program: NAME protect ARGUMENT.  Says what it is and waits for the end of its standard input. */
__attribute__((constructor)) static void be_the_program(int argc, char **argv, char **envp)
{
        struct err err = { 0 };
        char comm[16], byte, text[2048];
        int n_open = 0;

        if (argc < 3 || strcmp(argv[1], "protect") != 0)
                return;
        if (selfexe_protect(argv, &err) < 0) {
                err_format(&err, text, sizeof text);
                dprintf(STDOUT_FILENO, "error %s hint %s\n", text, err.hint);
                while (read(STDIN_FILENO, &byte, 1) > 0)
                        ;
                _exit(1);
        }
        prctl(PR_GET_NAME, comm);
        for (int fd = 3; fd < 100; fd++)
                n_open += fcntl(fd, F_GETFD) >= 0;
        dprintf(STDOUT_FILENO, "comm %s argv %s %s %s env %s open %d\n", comm, argv[0], argv[1], argv[2],
                envp[0] ? envp[0] : "", n_open);
        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
        _exit(0);
}

/* The program's file: a copy of the test, which is executed by nobody else. */
static char file[] = "/tmp/test-selfexe.XXXXXX";

static void remove_file(void)
{
        unlink(file);
}

static void make_file(void)
{
        static bool is_made;
        _close_ int from = -EBADF, to = -EBADF;
        struct stat st;

        if (is_made)
                return;
        is_made = true;
        from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        to = mkostemp(file, O_CLOEXEC);
        CHECK(fstat(from, &st) == 0 && sendfile(to, from, NULL, (size_t)st.st_size) == st.st_size);
        CHECK(fchmod(to, 0755) == 0);
        atexit(remove_file);
}

struct program {
        pid_t pid;
        int input, exe;
        char said[4096];
        struct stat st; /* of what it runs from */
};

/* Start it; prepare runs in its process before.  program.exe is what an attacker would hold. */
static void start(struct program *p, void (*prepare)(void))
{
        int in[2], out[2];
        char path[64];
        ssize_t n;

        make_file();
        CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
        p->pid = fork();
        if (p->pid == 0) {
                char *argv[] = { (char *)"/somewhere/ocirun", (char *)"protect", (char *)"it", NULL };
                char *envp[] = { (char *)"KEY=value", NULL };

                dup2(in[0], STDIN_FILENO);
                dup2(out[1], STDOUT_FILENO);
                close_range(3, UINT_MAX, 0);
                if (prepare)
                        prepare();
                execve(file, argv, envp);
                _exit(98);
        }
        close(in[0]);
        close(out[1]);
        p->input = in[1];
        n = read(out[0], p->said, sizeof p->said - 1);
        p->said[n > 0 ? n : 0] = '\0';
        close(out[0]);
        snprintf(path, sizeof path, "/proc/%d/exe", p->pid);
        p->exe = open(path, O_PATH | O_CLOEXEC);
        CHECK(fstat(p->exe, &p->st) == 0);
}

static int stop(struct program *p)
{
        int status = 0;

        close(p->input);
        waitpid(p->pid, &status, 0);
        return status;
}

/* The attack: once nobody executes the file, open what is held for writing, and write.  0 or an errno. */
static int attack(const struct program *p)
{
        char path[64];
        int fd, r = 0;

        snprintf(path, sizeof path, "/proc/self/fd/%d", p->exe);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        if (pwrite(fd, "#!", 2, 0) < 0)
                r = errno;
        close(fd);
        return r;
}

static bool is_this_file(const struct stat *st)
{
        struct stat own;

        return stat(file, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

static const char expected[] = "comm ocirun argv /somewhere/ocirun protect it env KEY=value open 0\n";

TEST(a_privileged_program_runs_from_a_read_only_mount_of_its_own_file)
{
        struct program p;

        if (geteuid() != 0) {
                printf("# skipped: not root\n");
                return;
        }
        start(&p, NULL);
        CHECK_STR(p.said, expected);
        CHECK(is_this_file(&p.st));
        CHECK(stop(&p) == 0);
        CHECK(attack(&p) == EROFS);
        close(p.exe);
}

static void forbid_open_tree(void)
{
        forbid(SYS_open_tree);
}

static void forbid_mount_setattr(void)
{
        forbid(SYS_mount_setattr);
}

TEST(where_mounts_cannot_be_cloned_it_runs_from_a_sealed_copy)
{
        static void (*const prepare[])(void) = { forbid_open_tree, forbid_mount_setattr };

        for (size_t i = 0; i < sizeof prepare / sizeof *prepare; i++) {
                struct program p;
                struct stat own;

                start(&p, prepare[i]);
                CHECK_STR(p.said, expected);
                CHECK(stat(file, &own) == 0);
                CHECK(!is_this_file(&p.st) && p.st.st_size == own.st_size);
                CHECK(stop(&p) == 0);
                CHECK(attack(&p) == EPERM);
                CHECK(fchmod(p.exe, 0) < 0); /* O_PATH */
                close(p.exe);
        }
}

static void become_nobody(void)
{
        if (setgid(65534) < 0 || setuid(65534) < 0)
                _exit(97);
}

TEST(a_file_of_root_is_safe_from_others)
{
        struct program p;

        if (geteuid() != 0) {
                printf("# skipped: not root\n");
                return;
        }
        start(&p, become_nobody);
        CHECK(strstr(p.said, "protect it env KEY=value open 0\n"));
        CHECK(is_this_file(&p.st));
        CHECK(stop(&p) == 0);
        close(p.exe);

        /* unless they may write to it, or own it and may give themselves the right to */
        CHECK(chmod(file, 0757) == 0);
        start(&p, become_nobody);
        CHECK_STR(p.said, expected);
        CHECK(!is_this_file(&p.st));
        CHECK(stop(&p) == 0);
        close(p.exe);
        CHECK(chmod(file, 0555) == 0 && chown(file, 65534, 65534) == 0);
        start(&p, become_nobody);
        CHECK_STR(p.said, expected);
        CHECK(!is_this_file(&p.st));
        CHECK(stop(&p) == 0);
        close(p.exe);
        CHECK(chmod(file, 0755) == 0 && chown(file, 0, 0) == 0);
}

static void forbid_all(void)
{
        forbid(SYS_open_tree);
        forbid(SYS_memfd_create);
}

TEST(what_cannot_be_protected_is_an_error)
{
        struct program p;

        start(&p, forbid_all);
        CHECK_STR(
                p.said,
                "error execute a sealed copy of the program: operation not permitted (EPERM) hint executing it from a "
                "read-only mount failed before: operation not permitted\n");
        CHECK(stop(&p) != 0);
        close(p.exe);
}
