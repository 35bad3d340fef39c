/* Paths in a hierarchy, whose components are called levels here, and the small files of a cgroup. */
#include "base/fd.h"
#include "base/host.h"
#include "cgroup/private.h"

#include <string.h>

size_t levels_count(const char *path)
{
        size_t n = 1;

        for (; *path; path++)
                n += *path == '/';
        return n;
}

char *levels_prefix(const char *path, size_t n)
{
        const char *end = path;

        if (n == 0)
                return xstrdup(".");
        for (; *end && (*end != '/' || --n > 0); end++)
                ;
        return xasprintf("%.*s", (int)(end - path), path);
}

const char *levels_name(const char *prefix)
{
        return strcmp(prefix, ".") == 0 ? "" : prefix;
}

int levels_find(int root, const char *path, size_t *ret)
{
        size_t n = levels_count(path);

        for (; n > 0; n--) {
                _free_ char *prefix = levels_prefix(path, n);
                int fd = host_open_dir(root, prefix);

                fd_close(fd);
                if (fd >= 0)
                        break;
                if (fd != -ENOENT)
                        return fd;
        }
        *ret = n;
        return 0;
}

int levels_read(int root, const char *cgroup, const char *file, char **ret)
{
        _free_ char *path = xasprintf("%s/%s", cgroup, file);

        return host_read_file(root, path, 1 << 20, ret, NULL);
}

bool levels_has_word(const char *text, const char *word)
{
        size_t len = strlen(word);

        for (const char *p = text; *p;) {
                size_t n = strcspn(p, " \n");

                if (n == len && memcmp(p, word, len) == 0)
                        return true;
                p += n;
                p += strspn(p, " \n");
        }
        return false;
}

int levels_event(const char *events, const char *key)
{
        size_t len = strlen(key);

        for (const char *line = events; *line;) {
                if (strncmp(line, key, len) == 0 && line[len] == ' ')
                        return line[len + 1] != '0';
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        return -EBADMSG;
}
