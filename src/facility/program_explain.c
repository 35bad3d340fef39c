/* Why execve(2) failed.
 *
 * Its errno is about the file, or the interpreter that the file names, or the interpreter of that one; this finds
 * out which.  The files belong to an image and may be anything: reads are bounded, and what does not look like
 * execve(2) wants it ends the search without a hint. */
#include "facility/program.h"

#include "base/fd.h"
#include "base/inroot.h"
#include "sys/sys.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

/* execve(2) reads as much to tell what a file is; the length of a #! line. */
#define HEAD_SIZE 256

/* Interpreters of interpreters. */
#define MAX_DEPTH 5

#define MAX_PROGRAM_HEADERS 128

/* The header of this program, which the linker knows: what runs on this machine looks like it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* Names of what is common in images, as uname(2) has them where it has one. */
static const struct machine {
        const char *name;
        uint16_t number;
        uint8_t class, data;
} machines[] = {
        { .name = "aarch64", .number = EM_AARCH64, .class = ELFCLASS64, .data = ELFDATA2LSB },
        { .name = "arm", .number = EM_ARM, .class = ELFCLASS32, .data = ELFDATA2LSB },
        { .name = "i686", .number = EM_386, .class = ELFCLASS32, .data = ELFDATA2LSB },
        { .name = "loongarch64", .number = EM_LOONGARCH, .class = ELFCLASS64, .data = ELFDATA2LSB },
        { .name = "mips64", .number = EM_MIPS, .class = ELFCLASS64, .data = ELFDATA2LSB },
        { .name = "ppc64", .number = EM_PPC64, .class = ELFCLASS64, .data = ELFDATA2MSB },
        { .name = "ppc64le", .number = EM_PPC64, .class = ELFCLASS64, .data = ELFDATA2LSB },
        { .name = "riscv64", .number = EM_RISCV, .class = ELFCLASS64, .data = ELFDATA2LSB },
        { .name = "s390x", .number = EM_S390, .class = ELFCLASS64, .data = ELFDATA2MSB },
        { .name = "x86_64", .number = EM_X86_64, .class = ELFCLASS64, .data = ELFDATA2LSB },
};

/* One of the files that execve(2) opens. */
struct file {
        char *path;
        char *named_by; /* the file that names it as its interpreter; NULL for the program */
        bool by_script; /* in its #! line */
        int code;       /* negative errno when it cannot be opened by path */
        int fd;         /* O_PATH */
        unsigned char head[HEAD_SIZE];
        size_t head_len; /* 0 when it cannot be read */
        int content;     /* to read from */
};

static void file_close(struct file *f)
{
        free(f->path);
        free(f->named_by);
        fd_close(f->fd);
        fd_close(f->content);
}

/* Takes over path and named_by. */
static void file_open(const struct program_plan *plan, int root, char *path, char *named_by, bool by_script,
                      struct file *ret)
{
        _free_ char *absolute = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", plan->cwd, path);
        ssize_t n;

        *ret = (struct file){ .path = path, .named_by = named_by, .by_script = by_script, .content = -EBADF };
        ret->fd = inroot_open(root, absolute, O_PATH);
        if (ret->fd < 0) {
                ret->code = ret->fd;
                return;
        }
        ret->content = inroot_open_regular(root, absolute);
        if (ret->content < 0)
                return;
        n = pread(ret->content, ret->head, sizeof ret->head, 0);
        ret->head_len = n > 0 ? (size_t)n : 0;
}

static bool is_elf(const struct file *f)
{
        return f->head_len >= sizeof(Elf32_Ehdr) && memcmp(f->head, ELFMAG, SELFMAG) == 0;
}

static bool is_script(const struct file *f)
{
        return f->head_len >= 2 && memcmp(f->head, "#!", 2) == 0;
}

/* The interpreter in a #! line, or NULL. */
static char *script_interpreter(const struct file *f)
{
        const char *text = (const char *)f->head;
        size_t start = 2, end;

        while (start < f->head_len && (text[start] == ' ' || text[start] == '\t'))
                start++;
        for (end = start; end < f->head_len; end++)
                if (text[end] == ' ' || text[end] == '\t' || text[end] == '\n' || text[end] == '\0')
                        break;
        return end > start ? xasprintf("%.*s", (int)(end - start), text + start) : NULL;
}

/* Where the path of the dynamic loader lies in an ELF file for this byte order; false if it has none. */
static bool find_loader(const struct file *f, uint64_t *ret_offset, uint64_t *ret_len)
{
        union {
                Elf32_Ehdr h32;
                Elf64_Ehdr h64;
        } header;
        bool is_64 = f->head[EI_CLASS] == ELFCLASS64;
        uint64_t offset;
        size_t n, size;

        if (f->head[EI_DATA] != __ehdr_start.e_ident[EI_DATA] || f->head_len < sizeof header)
                return false;
        memcpy(&header, f->head, sizeof header);
        offset = is_64 ? header.h64.e_phoff : header.h32.e_phoff;
        n = is_64 ? header.h64.e_phnum : header.h32.e_phnum;
        size = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

        for (size_t i = 0; i < n && i < MAX_PROGRAM_HEADERS && offset <= INT64_MAX - size; i++, offset += size) {
                union {
                        Elf32_Phdr p32;
                        Elf64_Phdr p64;
                } p;

                if (pread(f->content, &p, size, (off_t)offset) != (ssize_t)size)
                        return false;
                if ((is_64 ? p.p64.p_type : p.p32.p_type) != PT_INTERP)
                        continue;
                *ret_offset = is_64 ? p.p64.p_offset : p.p32.p_offset;
                *ret_len = is_64 ? p.p64.p_filesz : p.p32.p_filesz;
                return true;
        }
        return false;
}

/* The dynamic loader of an ELF file, or NULL. */
static char *elf_interpreter(const struct file *f)
{
        _free_ char *path = NULL;
        uint64_t offset, len;

        if (!find_loader(f, &offset, &len) || len < 2 || len > PATH_MAX || offset > INT64_MAX - PATH_MAX)
                return NULL;
        path = xcalloc(len, 1);
        if (pread(f->content, path, len, (off_t)offset) != (ssize_t)len || path[len - 1] != '\0')
                return NULL;
        return take_ptr(path);
}

/* The file that this one names, or NULL. */
static char *interpreter(const struct file *f)
{
        return is_script(f) ? script_interpreter(f) : is_elf(f) ? elf_interpreter(f) : NULL;
}

/* ENOENT: the kernel means the interpreter as well. */
static bool explain_missing(const struct file *f, struct err *err)
{
        size_t len = strlen(f->path);

        if (f->code != -ENOENT && f->code != -ENOTDIR)
                return false;
        if (!f->named_by)
                return true; /* the message says it all */
        if (!f->by_script)
                err_hint(err, "the dynamic loader %s of %s is not in the root file system", f->path, f->named_by);
        else if (f->path[len - 1] == '\r')
                err_hint(err, "the #! line of %s ends with a carriage return; the interpreter would be \"%.*s\\r\"",
                         f->named_by, (int)len - 1, f->path);
        else
                err_hint(err, "the interpreter %s in the #! line of %s is not in the root file system", f->path,
                         f->named_by);
        return true;
}

static bool explain_access(const struct file *f, struct err *err)
{
        struct statvfs fs;
        struct stat st;

        if (f->code == -EACCES)
                err_hint(err, "user %u may not search a directory on the way to %s", geteuid(), f->path);
        if (f->code < 0 || fstat(f->fd, &st) < 0 || fstatvfs(f->fd, &fs) < 0)
                return true;
        if (!S_ISREG(st.st_mode))
                err_hint(err, "%s is not a regular file", f->path);
        else if (fs.f_flag & ST_NOEXEC)
                err_hint(err, "%s lies on a mount with the option noexec", f->path);
        else if (sys_access(f->fd, X_OK) == -EACCES)
                err_hint(err, "the mode of %s is %04o and its owner %u:%u: user %u may not execute it", f->path,
                         st.st_mode & 07777, st.st_uid, st.st_gid, geteuid());
        else
                return false;
        return true;
}

/* Of an ELF file: is it for this machine, and if not, for which? */
static void explain_machine(const struct file *f, struct err *err)
{
        unsigned class = f->head[EI_CLASS], data = f->head[EI_DATA], number;
        const unsigned char *p = f->head + offsetof(Elf32_Ehdr, e_machine); /* as in Elf64_Ehdr */
        struct utsname host;

        number = data == ELFDATA2MSB ? p[0] << 8 | p[1] : p[1] << 8 | p[0];
        if (number == __ehdr_start.e_machine && class == __ehdr_start.e_ident[EI_CLASS] &&
            data == __ehdr_start.e_ident[EI_DATA])
                return;
        if (uname(&host) < 0)
                return;
        for (size_t i = 0; i < N_ELEMENTS(machines); i++) {
                const struct machine *m = &machines[i];

                if (m->number == number && m->class == class && m->data == data) {
                        err_hint(err, "%s is for %s, and this machine is %s", f->path, m->name, host.machine);
                        return;
                }
        }
        err_hint(err, "%s is for the ELF machine %u, and this machine is %s", f->path, number, host.machine);
}

/* ENOEXEC: for another machine, or nothing that Linux executes by itself. */
static bool explain_format(const struct file *f, struct err *err)
{
        if (f->content < 0)
                return true;
        if (is_script(f))
                return false; /* its interpreter has the wrong format */
        if (is_elf(f))
                explain_machine(f, err);
        else
                err_hint(err, "%s is %s", f->path,
                         f->head_len == 0 ? "empty" : "neither an ELF file nor a script that begins with #!");
        return true;
}

static const struct explanation {
        int code;
        bool (*explain)(const struct file *f, struct err *err); /* true: it is this file */
} explanations[] = {
        { -EACCES, explain_access },
        { -ENOENT, explain_missing },
        { -ENOEXEC, explain_format },
};

static void explain_by_files(const struct program_plan *plan, int root, const char *path,
                             bool (*explain)(const struct file *, struct err *), struct err *err)
{
        char *current = xstrdup(path), *named_by = NULL;
        bool is_found = false, by_script = false;

        for (unsigned depth = 0; current && !is_found && depth < MAX_DEPTH; depth++) {
                __attribute__((cleanup(file_close))) struct file f;

                file_open(plan, root, take_ptr(current), take_ptr(named_by), by_script, &f);
                is_found = explain(&f, err);
                current = f.content < 0 ? NULL : interpreter(&f);
                named_by = current ? xstrdup(f.path) : NULL;
                by_script = is_script(&f);
        }
        free(current);
        free(named_by);
}

/* E2BIG: what execve(2) counts, and how much it allows. */
static size_t count_strings(char *const *strings, const char *property, struct err *err)
{
        const size_t most = 32 * (size_t)sysconf(_SC_PAGESIZE);
        size_t total = 0;

        for (size_t i = 0; strings[i]; i++) {
                size_t size = strlen(strings[i]) + 1;

                if (size > most)
                        err_hint(err, "%s[%zu] has %zu bytes, and Linux takes %zu in one string", property, i, size,
                                 most);
                total += size + sizeof *strings;
        }
        return total;
}

static void explain_size(const struct program_plan *plan, struct err *err)
{
        size_t total = count_strings(plan->argv, "args", err) + count_strings(plan->env, "env", err);
        const uint64_t least = 128 << 10, most = 6 << 20;
        struct rlimit64 stack;
        uint64_t limit;

        if (getrlimit64(RLIMIT_STACK, &stack) < 0)
                return;
        limit = stack.rlim_cur / 4;
        limit = limit < least ? least : limit > most ? most : limit;
        if (total > limit)
                err_hint(err,
                         "args and env have %zu bytes together, and the limit is %" PRIu64
                         ": a quarter of RLIMIT_STACK, "
                         "but from 128 KiB to 6 MiB",
                         total, limit);
}

int program_child_explain(const struct program_plan *plan, int root, const char *path, int code, struct err *err)
{
        fail(err, code, "exec %s", path);
        for (size_t i = 0; i < N_ELEMENTS(explanations); i++)
                if (explanations[i].code == code)
                        explain_by_files(plan, root, path, explanations[i].explain, err);
        if (code == -E2BIG)
                explain_size(plan, err);
        return err_at(err, code, "args[0]");
}
