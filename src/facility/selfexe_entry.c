/* The entry point of the static program: protection from being overwritten (selfexe.h) before the C library has
 * begun.
 *
 * A command that puts a process into a container executes the program twice, and the first time it needs nothing
 * but four system calls.  Relocating the program and starting the C library for that costs more than the rest of
 * the command's own work (a fifth of the time of `run`), so these calls are made here, and the second time control
 * goes on to the C library's _start.  Whatever does not succeed here is tried again by selfexe_protect(), which can
 * also say why.
 *
 * There is no C library yet: no errno, no thread-local storage, so no stack protector, and no relocated pointers. */
#include "config.h"

#include "facility/selfexe.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#ifdef HAVE_SELFEXE_ENTRY

#define ST_RDONLY_FLAG 1 /* statfs(2); <sys/statvfs.h> has it as an enumerator behind a feature macro */

#ifdef __x86_64__
/* The stack pointer is handed over, and afterwards everything is as the kernel left it. */
__asm__(".globl selfexe_entry\n"
        ".type selfexe_entry, @function\n"
        "selfexe_entry:\n"
        "        endbr64\n"
        "        mov %rdx, %rbx\n"
        "        mov %rsp, %rbp\n"
        "        mov %rsp, %rdi\n"
        "        and $-16, %rsp\n"
        "        call selfexe_begin\n"
        "        mov %rbp, %rsp\n"
        "        mov %rbx, %rdx\n"
        "        jmp _start\n");

static inline long call(long number, long a, long b, long c, long d, long e)
{
        register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
        long ret;

        __asm__ volatile("syscall"
                         : "=a"(ret)
                         : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                         : "rcx", "r11", "memory");
        return ret;
}
#else
__asm__(".globl selfexe_entry\n"
        ".type selfexe_entry, %function\n"
        "selfexe_entry:\n"
        "        mov x19, x0\n"
        "        mov x0, sp\n"
        "        bl selfexe_begin\n"
        "        mov x0, x19\n"
        "        b _start\n");

static inline long call(long number, long a, long b, long c, long d, long e)
{
        register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
                         x3 __asm__("x3") = d, x4 __asm__("x4") = e;

        __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
        return x0;
}
#endif

static inline bool is_same(const char *a, const char *b)
{
        while (*a && *a == *b) {
                a++;
                b++;
        }
        return *a == *b;
}

/* Whether a command that needs protection may be meant: one of the words is its name. */
static inline bool is_wanted(char *const *argv)
{
        for (; *argv; argv++)
                if (is_same(*argv, "create") || is_same(*argv, "run"))
                        return true;
        return false;
}

/* sp is the stack as the kernel made it: the number of arguments, they themselves, NULL, the environment. */
void selfexe_begin(long *sp) __attribute__((used, no_stack_protector));
void selfexe_begin(long *sp)
{
        static const char exe[] = "/proc/self/exe", here[] = "";
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        char **argv = (char **)(sp + 1), **envp = argv + *sp + 1;
        struct statfs fs;
        long fd, tree;

        if (!is_wanted(argv))
                return;
        fd = call(SYS_openat, AT_FDCWD, (long)exe, O_RDONLY | O_CLOEXEC, 0, 0);
        if (fd < 0)
                return;
        fs.f_flags = 0; /* no initializer: it may become a call of memset(), which does not work yet */
        /* executed for the second time, or the file's mount is read-only anyway */
        if (call(SYS_fstatfs, fd, (long)&fs, 0, 0, 0) == 0 && fs.f_flags & ST_RDONLY_FLAG) {
                selfexe_is_protected = true;
        } else {
                tree = call(SYS_open_tree, fd, (long)here, AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
                if (tree >= 0 &&
                    call(SYS_mount_setattr, tree, (long)here, AT_EMPTY_PATH, (long)&attr, sizeof attr) == 0)
                        (void)call(SYS_execveat, tree, (long)here, (long)argv, (long)envp, AT_EMPTY_PATH);
                (void)call(SYS_close, tree, 0, 0, 0, 0);
        }
        (void)call(SYS_close, fd, 0, 0, 0, 0);
}

#endif
