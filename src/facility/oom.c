/* How readily the kernel ends the process when memory runs out. */
#include "facility/oom.h"

#include "base/fd.h"
#include "base/number.h"
#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/oom.h>
#include <stdio.h>
#include <string.h>

int oom_plan(const struct oci_process *process, struct oom_plan *ret, struct err *err)
{
        *ret = (struct oom_plan){ .is_set = process->has_oomScoreAdj, .score = process->oomScoreAdj };
        if (ret->score < OOM_SCORE_ADJ_MIN || ret->score > OOM_SCORE_ADJ_MAX) {
                refuse(err, -EINVAL, "must be from %d to %d, not %d", OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX, ret->score);
                return err_at(err, -EINVAL, "oomScoreAdj");
        }
        return 0;
}

/* The present value, if the file can be read. */
static bool read_score(int procfs, const char *path, int64_t *ret)
{
        _close_ int fd = procfs_open_file(procfs, path, O_RDONLY);
        char text[16];
        ssize_t n;

        if (fd < 0)
                return false;
        n = read(fd, text, sizeof text - 1);
        if (n <= 0)
                return false;
        text[n] = '\0';
        text[strcspn(text, "\n")] = '\0';
        return number_i64(text, OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX, ret) == 0;
}

int oom_child(const struct oom_plan *plan, int procfs, pid_t pid, struct err *err)
{
        char path[sizeof "2147483647/oom_score_adj"], text[sizeof "-1000"];
        int64_t present;
        int r;

        if (!plan->is_set)
                return 0;
        snprintf(path, sizeof path, "%d/oom_score_adj", (int)pid);
        snprintf(text, sizeof text, "%d", plan->score);
        r = procfs_write(procfs, path, text);
        if (r >= 0)
                return 0;
        fail(err, r, "write %s to /proc/%s", text, path);
        if ((r == -EACCES || r == -EPERM) && read_score(procfs, path, &present) && plan->score < present)
                err_hint(err, "lowering it from %" PRId64 " needs CAP_SYS_RESOURCE in the initial user namespace",
                         present);
        return err_at(err, r, "oomScoreAdj");
}
