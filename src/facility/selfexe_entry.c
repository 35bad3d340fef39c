/* The entry point of the static program: protection from being overwritten (selfexe.h) before the C library has
 * begun.
 *
 * selfexe_protect() executes the program again, which costs a fifth of the time of `run`.  Here it is done without:
 * nothing has been written to the program's memory yet, so its segments can be mapped once more in place, from a
 * read-only mount of the file, and prctl(PR_SET_MM_MAP) makes that mount's file the one of /proc/self/exe: the
 * kernel permits this to who may checkpoint and restore (CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE), once no memory
 * is mapped from the old one.  Whatever does not succeed here is left to selfexe_protect(), which can also say why.
 *
 * There is no C library yet: no errno, no thread-local storage, so no stack protector, and no relocated pointers. */
#include "config.h"

#include "facility/selfexe.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#ifdef HAVE_SELFEXE_ENTRY

#define EARLY static inline __attribute__((always_inline, no_stack_protector))

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

EARLY long call(long number, long a, long b, long c, long d, long e, long f)
{
        register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
        long ret;

        __asm__ volatile("syscall"
                         : "=a"(ret)
                         : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
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

EARLY long call(long number, long a, long b, long c, long d, long e, long f)
{
        register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
                         x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;

        __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
        return x0;
}
#endif

/* The program's first bytes, where it is loaded (ld(1)). */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

EARLY bool is_same(const char *a, const char *b)
{
        while (*a && *a == *b) {
                a++;
                b++;
        }
        return *a == *b;
}

EARLY const char *end_of(const char *s)
{
        while (*s++)
                ;
        return s;
}

/* Whether a command that needs protection may be meant: one of the words is its name. */
EARLY bool is_wanted(char *const *argv)
{
        for (; *argv; argv++)
                if (is_same(*argv, "create") || is_same(*argv, "run"))
                        return true;
        return false;
}

/* Open what the descriptor tree (O_PATH) refers to for reading. */
EARLY long open_again(long tree)
{
        char path[] = "/proc/self/fd/\0\0\0\0\0\0\0\0\0\0", *end = path + sizeof "/proc/self/fd/" - 1;
        long power = 1;

        while (tree / power > 9)
                power *= 10;
        for (; power > 0; power /= 10)
                *end++ = (char)('0' + tree / power % 10);
        return call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
}

/* A kernel's emulation may take the calls and do nothing. */
EARLY bool is_read_only(long fd)
{
        struct statfs fs;

        fs.f_flags = 0; /* no initializer: it may become a call of memset(), which does not work yet */
        return call(SYS_fstatfs, fd, (long)&fs, 0, 0, 0, 0) == 0 && fs.f_flags & ST_RDONLY_FLAG;
}

EARLY void close_both(long a, long b)
{
        if (b == a + 1 && call(SYS_close_range, a, b, 0, 0, 0, 0) == 0)
                return;
        (void)call(SYS_close, a, 0, 0, 0, 0, 0);
        (void)call(SYS_close, b, 0, 0, 0, 0, 0);
}

/* Map a segment once more, as the kernel did.  The memory stays what it is: the same file, and a last page whose
 * end is zero.  All pages come at once, since they are few and a page fault costs as much as mapping a dozen. */
EARLY bool map_again(long fd, const Elf64_Phdr *segment, uintptr_t base, uintptr_t page)
{
        uintptr_t start = base + segment->p_vaddr, end = start + segment->p_filesz, skip = start & (page - 1);
        long protection = (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
                          (segment->p_flags & PF_X ? PROT_EXEC : 0);

        if (call(SYS_mmap, (long)(start - skip), (long)(end - start + skip), protection,
                 MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, fd, (long)(segment->p_offset - skip)) < 0)
                return false;
        if (segment->p_flags & PF_W)
                for (volatile char *c = (volatile char *)end; (uintptr_t)c & (page - 1); c++)
                        *c = 0;
        return true;
}

/* Let the program be the file fd, and nothing else of it change.  sp: see selfexe_begin(). */
EARLY bool become(long fd, const long *sp)
{
        const char *const *argv = (const char *const *)(sp + 1), *const *envp = argv + *sp + 1, *const *last = envp;
        const Elf64_Phdr *segment = (const Elf64_Phdr *)((uintptr_t)&__ehdr_start + __ehdr_start.e_phoff);
        const Elf64_auxv_t *aux;
        uintptr_t base = (uintptr_t)&__ehdr_start, page = 0;
        struct prctl_mm_map map;

        while (*last)
                last++;
        for (aux = (const Elf64_auxv_t *)(last + 1); aux->a_type != AT_NULL; aux++)
                if (aux->a_type == AT_PAGESZ)
                        page = aux->a_un.a_val;
        if (page == 0)
                return false;
        for (int i = 0; i < __ehdr_start.e_phnum; i++, segment++) {
                uintptr_t start = base + segment->p_vaddr, end = start + segment->p_filesz;

                if (segment->p_type != PT_LOAD)
                        continue;
                if (!map_again(fd, segment, base, page))
                        return false;
                if (segment->p_flags & PF_X) {
                        map.start_code = start;
                        map.end_code = end;
                } else if (segment->p_flags & PF_W) {
                        map.start_data = start;
                        map.end_data = end;
                }
        }
        map.start_brk = map.brk = (uintptr_t)call(SYS_brk, 0, 0, 0, 0, 0, 0);
        map.start_stack = (uintptr_t)sp;
        map.arg_start = (uintptr_t)argv[0];
        map.arg_end = map.env_start = map.env_end = (uintptr_t)end_of(argv[*sp - 1]);
        if (*envp)
                map.env_end = (uintptr_t)end_of(last[-1]);
        map.auxv = NULL; /* stays */
        map.auxv_size = 0;
        map.exe_fd = (uint32_t)fd;
        return call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof map, 0, 0) == 0;
}

/* sp is the stack as the kernel made it: the number of arguments, they themselves, NULL, the environment, NULL, the
 * auxiliary vector. */
void selfexe_begin(long *sp) __attribute__((used, no_stack_protector));
void selfexe_begin(long *sp)
{
        static const char exe[] = "/proc/self/exe", here[] = "";
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        long tree, fd;

        if (*sp < 1 || !is_wanted((char **)(sp + 1)))
                return;
        /* the program's file on a mount of its own, which is attached nowhere */
        tree = call(SYS_open_tree, AT_FDCWD, (long)exe, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0, 0);
        if (tree < 0)
                return;
        fd = call(SYS_mount_setattr, tree, (long)here, AT_EMPTY_PATH, (long)&attr, sizeof attr, 0);
        if (fd == 0)
                fd = open_again(tree);
        if (fd >= 0)
                selfexe_is_protected = is_read_only(fd) && become(fd, sp);
        close_both(tree, fd);
}

#endif
