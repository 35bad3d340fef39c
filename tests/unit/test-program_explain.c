/* Why execve(2) failed: each case is really tried, in a root file system of its own. */
#include "facility/program.h"
#include "sys/sys.h"
#include "tests/unit/facility.h"
#include "tests/unit/rootfs.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/utsname.h>

static struct rootfs root;

/* Execute it as container init would; the message. */
static const char *execute(char *path, char **env)
{
        _arena_ struct arena *arena = arena_new();
        const struct oci_process process = {
                .cwd = (char[]){ "/" }, .args = (char *[]){ path }, .n_args = 1, .env = env, .n_env = env ? 1 : 0
        };
        struct program_plan p;
        struct err err = { 0 };
        int code;

        CHECK(program_plan(&process, arena, &p, &err) == 0);
        (void)execve(path, p.argv, p.env);
        code = -errno;
        CHECK(program_child_explain(&p, root.fd, path, code, &err) == code);
        return take_message(&err);
}

#define CHECK_EXEC(path, expected) CHECK_STR(execute((char[]){ path }, NULL), "args[0]: exec " path ": " expected)

/* A file of this machine that names a dynamic loader, or of another one. */
static void make_elf(const char *path, const char *loader, unsigned machine, unsigned class, unsigned data)
{
        struct {
                ElfW(Ehdr) e;
                ElfW(Phdr) p;
                char loader[64];
        } file = { 0 };
        int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

        CHECK(self >= 0 && read(self, &file.e, sizeof file.e) == sizeof file.e);
        close(self);
        file.e.e_type = ET_EXEC;
        file.e.e_phoff = offsetof(__typeof__(file), p);
        file.e.e_phnum = 1;
        if (machine) {
                file.e.e_ident[EI_CLASS] = (unsigned char)class;
                file.e.e_ident[EI_DATA] = (unsigned char)data;
                file.e.e_machine = (uint16_t)(data == ELFDATA2MSB ? machine << 8 : machine);
        }
        file.p.p_type = PT_INTERP;
        file.p.p_offset = offsetof(__typeof__(file), loader);
        file.p.p_filesz = strlen(loader) + 1;
        snprintf(file.loader, sizeof file.loader, "%s", loader);
        rootfs_bytes(&root, path, 0755, &file, sizeof file);
}

static void in_root(void (*run)(void))
{
        root = rootfs_make();
        in_child(run);
        rootfs_remove(&root);
}

static void enter_root(void)
{
        CHECK(fchdir(open(root.path, O_PATH | O_DIRECTORY | O_CLOEXEC)) == 0 && chroot(".") == 0);
}

static void check_missing(void)
{
        rootfs_file(&root, "script", 0755, "#!/bin/nosh -e\necho\n");
        rootfs_file(&root, "spaces", 0755, "#! \t/bin/nosh\n");
        rootfs_file(&root, "relative", 0755, "#!nosh\n");
        rootfs_file(&root, "crlf", 0755, "#!/script\r\necho\r\n");
        rootfs_file(&root, "nested", 0755, "#!/script\n");
        make_elf("elf", "/lib/ld-none.so", 0, 0, 0);
        rootfs_file(&root, "script-of-elf", 0755, "#!/elf\n");
        enter_root();
        CHECK_EXEC("/none", "no such file or directory (ENOENT)");
        CHECK_EXEC("/script",
                   "no such file or directory (ENOENT) | the interpreter /bin/nosh in the #! line of /script is "
                   "not in the root file system");
        CHECK_EXEC("/spaces",
                   "no such file or directory (ENOENT) | the interpreter /bin/nosh in the #! line of /spaces is "
                   "not in the root file system");
        CHECK_EXEC("/relative",
                   "no such file or directory (ENOENT) | the interpreter nosh in the #! line of /relative is "
                   "not in the root file system");
        CHECK_EXEC("/crlf",
                   "no such file or directory (ENOENT) | the #! line of /crlf ends with a carriage return; the "
                   "interpreter would be \"/script\\r\"");
        CHECK_EXEC("/nested",
                   "no such file or directory (ENOENT) | the interpreter /bin/nosh in the #! line of /script is "
                   "not in the root file system");
        CHECK_EXEC("/elf",
                   "no such file or directory (ENOENT) | the dynamic loader /lib/ld-none.so of /elf is not in the "
                   "root file system");
        CHECK_EXEC("/script-of-elf",
                   "no such file or directory (ENOENT) | the dynamic loader /lib/ld-none.so of /elf is "
                   "not in the root file system");
}

TEST(what_is_missing_is_named)
{
        NEEDS_ROOT();
        in_root(check_missing);
}

static void check_format(void)
{
        struct utsname host;
        char expected[512];
        bool is_s390x;

        CHECK(uname(&host) == 0);
        is_s390x = strcmp(host.machine, "s390x") == 0;
        rootfs_file(&root, "empty", 0755, "");
        rootfs_file(&root, "text", 0755, "echo\n");
        rootfs_file(&root, "short", 0755, "\177ELF");
        make_elf("foreign", "/lib/ld.so", is_s390x ? EM_AARCH64 : EM_S390, ELFCLASS64,
                 is_s390x ? ELFDATA2LSB : ELFDATA2MSB);
        make_elf("strange", "/lib/ld.so", 0xf00d, ELFCLASS64, ELFDATA2LSB);
        rootfs_file(&root, "script", 0755, "#!/foreign\n");
        enter_root();
        CHECK_EXEC("/empty", "exec format error (ENOEXEC) | /empty is empty");
        CHECK_EXEC("/text",
                   "exec format error (ENOEXEC) | /text is neither an ELF file nor a script that begins with #!");
        CHECK_EXEC("/short",
                   "exec format error (ENOEXEC) | /short is neither an ELF file nor a script that begins with #!");
        snprintf(expected, sizeof expected,
                 "args[0]: exec /foreign: exec format error (ENOEXEC) | /foreign is for %s, and this machine is %s",
                 is_s390x ? "aarch64" : "s390x", host.machine);
        CHECK_STR(execute((char[]){ "/foreign" }, NULL), expected);
        snprintf(expected, sizeof expected,
                 "args[0]: exec /script: exec format error (ENOEXEC) | /foreign is for %s, and this machine is %s",
                 is_s390x ? "aarch64" : "s390x", host.machine);
        CHECK_STR(execute((char[]){ "/script" }, NULL), expected);
        snprintf(expected, sizeof expected,
                 "args[0]: exec /strange: exec format error (ENOEXEC) | /strange is for the ELF machine 61453, "
                 "and this "
                 "machine is %s",
                 host.machine);
        CHECK_STR(execute((char[]){ "/strange" }, NULL), expected);
}

TEST(a_wrong_format_is_named)
{
        NEEDS_ROOT();
        in_root(check_format);
}

static void check_access(void)
{
        rootfs_dir(&root, "noexec", 0755);
        CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        CHECK(chdir(root.path) == 0 && mount("tmpfs", "noexec", "tmpfs", MS_NOEXEC, NULL) == 0);
        root.fd = open(root.path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* in this mount namespace */
        rootfs_file(&root, "noexec/program", 0755, "#!/bin/sh\n");
        rootfs_file(&root, "script", 0755, "#!/noexec/program\n");
        rootfs_file(&root, "mode", 0644, "#!/bin/sh\n");
        rootfs_file(&root, "script-of-mode", 0755, "#!/mode\n");
        rootfs_dir(&root, "private", 0700);
        rootfs_file(&root, "private/sh", 0755, "");
        rootfs_file(&root, "script-of-private", 0755, "#!/private/sh\n");
        enter_root();
        CHECK_EXEC("/noexec/program",
                   "permission denied (EACCES) | /noexec/program lies on a mount with the option noexec");
        CHECK_EXEC("/script", "permission denied (EACCES) | /noexec/program lies on a mount with the option noexec");
        CHECK_EXEC("/mode", "permission denied (EACCES) | the mode of /mode is 0644 and its owner 0:0: user 0 may not "
                            "execute it");
        CHECK_EXEC("/script-of-mode",
                   "permission denied (EACCES) | the mode of /mode is 0644 and its owner 0:0: user 0 "
                   "may not execute it");
        CHECK_EXEC("/noexec", "permission denied (EACCES) | /noexec is not a regular file");
        CHECK(sys_setresuid(5) == 0);
        CHECK_EXEC("/script-of-private", "permission denied (EACCES) | user 5 may not search a directory on the way to "
                                         "/private/sh");
}

TEST(what_forbids_it_is_named)
{
        NEEDS_ROOT();
        if (!sys_is_capable(CAP_SYS_ADMIN))
                SKIP("needs cap:sys_admin");
        in_root(check_access);
}

static void check_size(void)
{
        struct rlimit stack = { 512 << 10, 512 << 10 };
        size_t most = 32 * (size_t)sysconf(_SC_PAGESIZE);
        char *variable = xcalloc(1, most + 2), expected[512];
        _arena_ struct arena *arena = arena_new();
        struct program_plan p;
        struct err err = { 0 };

        rootfs_file(&root, "script", 0755, "#!/bin/sh\n");
        enter_root();
        memset(variable, 'a', most);
        variable[1] = '=';
        snprintf(expected, sizeof expected,
                 "args[0]: exec /script: argument list too long (E2BIG) | env[0] has %zu bytes, and Linux takes "
                 "%zu in "
                 "one string",
                 most + 1, most);
        CHECK_STR(execute((char[]){ "/script" }, &variable), expected);

        /* many that are short enough */
        variable[most / 2] = '\0';
        CHECK(setrlimit(RLIMIT_STACK, &stack) == 0);
        CHECK(program_plan(read_process("'args':['/script']", arena), arena, &p, &err) == 0);
        for (unsigned i = 0; i < 4; i++)
                program_putenv(&p, arena_printf(arena, "V%u=%s", i, variable));
        CHECK(execve("/script", p.argv, p.env) < 0 && errno == E2BIG);
        CHECK(program_child_explain(&p, root.fd, "/script", -E2BIG, &err) == -E2BIG);
        CHECK(strstr(take_message(&err),
                     "bytes together, and the limit is 131072: a quarter of RLIMIT_STACK, but from 128 KiB "
                     "to 6 MiB"));
        free(variable);
}

TEST(what_is_too_large_is_named)
{
        NEEDS_ROOT();
        in_root(check_size);
}

/* Nothing of this is executed: it must only not crash, hang or read outside of the file. */
static void check_hostile(void)
{
        static const unsigned char patterns[] = { 0x00, 0xff, 0x7f, 0x80, 0x01 };
        ElfW(Ehdr) * header;
        unsigned char bytes[256];
        struct program_plan p;
        _arena_ struct arena *arena = arena_new();
        const struct oci_process process = { .cwd = (char[]){ "/" } };
        struct err err = { 0 };

        CHECK(program_plan(&process, arena, &p, &err) == 0);
        for (size_t i = 0; i < sizeof patterns * 3; i++) {
                for (size_t len = 0; len <= sizeof bytes; len += len < 70 ? 1 : 31) {
                        memset(bytes, patterns[i % sizeof patterns], sizeof bytes);
                        memcpy(bytes, i / sizeof patterns == 0 ? "#!" : ELFMAG, 2 + 2 * (i / sizeof patterns != 0));
                        header = (void *)bytes;
                        if (i / sizeof patterns == 2) {
                                bytes[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
                                bytes[EI_DATA] = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
                                header->e_phoff = len;
                        }
                        rootfs_bytes(&root, "file", 0755, bytes, len);
                        CHECK(program_child_explain(&p, root.fd, "/file", -ENOENT, &err) == -ENOENT);
                        CHECK(program_child_explain(&p, root.fd, "/file", -ENOEXEC, &err) == -ENOEXEC);
                        CHECK(program_child_explain(&p, root.fd, "/file", -EACCES, &err) == -EACCES);
                }
        }
        rootfs_file(&root, "self", 0755, "#!/self\n");
        CHECK(program_child_explain(&p, root.fd, "/self", -ENOEXEC, &err) == -ENOEXEC);
        CHECK(mkfifoat(root.fd, "fifo", 0755) == 0);
        rootfs_file(&root, "script", 0755, "#!/fifo\n");
        CHECK(program_child_explain(&p, root.fd, "/script", -ENOEXEC, &err) == -ENOEXEC);
        CHECK(program_child_explain(&p, root.fd, "/script", -EACCES, &err) == -EACCES);
        CHECK_STR(take_message(&err),
                  "args[0]: exec /script: permission denied (EACCES) | /fifo is not a regular file");
}

TEST(hostile_files_do_no_harm)
{
        root = rootfs_make();
        check_hostile();
        rootfs_remove(&root);
}
