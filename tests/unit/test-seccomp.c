/* linux.seccomp: the checks of the plan, loading a filter, the listener. */
#include "facility/seccomp.h"
#include "base/fd.h"
#include "base/host.h"
#include "tests/unit/facility.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SECCOMP(inner) "'linux':{'seccomp':{" inner "}}"
#define ERRNO_DEFAULT "'defaultAction':'SCMP_ACT_ERRNO'"
#define ALLOW_DEFAULT "'defaultAction':'SCMP_ACT_ALLOW'"
#define RULE(inner) SECCOMP(ALLOW_DEFAULT ",'syscalls':[{'names':['read'],'action':'SCMP_ACT_ERRNO'},{" inner "}]")
#define ARGS(inner) RULE("'names':['read'],'action':'SCMP_ACT_ERRNO','args':[" inner "]")

static const char *plan_in(const char *text, struct arena *arena, struct seccomp_plan *ret)
{
        struct err err = { 0 };

        return message_of(seccomp_plan(config_parse(arena, text), arena, ret, &err), &err);
}

static const char *plan(const char *text)
{
        _arena_ struct arena *arena = arena_new();
        struct seccomp_plan p;

        return plan_in(text, arena, &p);
}

TEST(no_object_means_no_filter)
{
        _arena_ struct arena *arena = arena_new();
        struct seccomp_plan p;

        CHECK_STR(plan_in("", arena, &p), "");
        CHECK(!p.config);
        CHECK_STR(plan_in("'linux':{}", arena, &p), "");
        CHECK(!p.config);
        CHECK_STR(plan_in(SECCOMP(ERRNO_DEFAULT), arena, &p), "");
        CHECK(p.config && p.default_action == (SECCOMP_RET_ERRNO | EPERM) && p.flags == 0 && p.n_abis == 1);
}

TEST(every_word_of_the_specification_is_known)
{
        for (size_t i = 0; seccomp_action_names[i]; i++) {
                char text[256];

                snprintf(text, sizeof text,
                         SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'/s','syscalls':"
                                 "[{'names':['read'],'action':'%s'}]"),
                         seccomp_action_names[i]);
                CHECK_STR(plan(text), "");
        }
        for (size_t i = 0; seccomp_operator_names[i]; i++) {
                char text[256];

                snprintf(text, sizeof text, ARGS("{'index':0,'value':7,'op':'%s'}"), seccomp_operator_names[i]);
                CHECK_STR(plan(text), "");
        }
        CHECK(seccomp_architecture_is_supported("SCMP_ARCH_X86_64"));
        CHECK(!seccomp_architecture_is_supported("SCMP_ARCH_Z80"));
        CHECK(!seccomp_architecture_is_supported("X86_64"));
        CHECK(seccomp_flag_is_supported("SECCOMP_FILTER_FLAG_LOG"));
        CHECK(!seccomp_flag_is_supported("SECCOMP_FILTER_FLAG_NEW_LISTENER"));
}

#define ACTIONS \
        " | one of SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, " \
        "SCMP_ACT_LOG, SCMP_ACT_NOTIFY, SCMP_ACT_TRACE, SCMP_ACT_TRAP"

TEST(unknown_words_are_refused)
{
        CHECK_STR(plan(SECCOMP("'defaultAction':'SCMP_ACT_DENY'")),
                  "linux.seccomp.defaultAction: SCMP_ACT_DENY is not a seccomp action" ACTIONS);
        CHECK_STR(plan(RULE("'names':['read'],'action':'ALLOW'")),
                  "linux.seccomp.syscalls[1].action: ALLOW is not a seccomp action" ACTIONS);
        CHECK_STR(plan(ARGS("{'index':0,'value':7,'op':'SCMP_CMP_XOR'}")),
                  "linux.seccomp.syscalls[1].args[0].op: SCMP_CMP_XOR is not a seccomp operator | one of SCMP_CMP_EQ, "
                  "SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_LE, SCMP_CMP_LT, SCMP_CMP_MASKED_EQ, SCMP_CMP_NE");
        CHECK_STR(plan(SECCOMP(ALLOW_DEFAULT ",'architectures':['SCMP_ARCH_X86','SCMP_ARCH_NATIVE']")),
                  "linux.seccomp.architectures[1]: SCMP_ARCH_NATIVE is not a seccomp architecture | a name such as "
                  "SCMP_ARCH_X86_64; `ocirun features` lists all");
        CHECK_STR(plan(SECCOMP(ALLOW_DEFAULT ",'flags':['SECCOMP_FILTER_FLAG_NEW_LISTENER']")),
                  "linux.seccomp.flags[0]: SECCOMP_FILTER_FLAG_NEW_LISTENER is not a seccomp flag | one of "
                  "SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, "
                  "SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
        CHECK_STR(plan(RULE("'names':[],'action':'SCMP_ACT_ALLOW'")),
                  "linux.seccomp.syscalls[1].names: must have at least one entry");
}

TEST(architectures_that_cannot_be_are_refused)
{
        for (size_t i = 0; seccomp_architecture_names[i]; i++) {
                const char *name = seccomp_architecture_names[i], *message;
                char text[256];

                snprintf(text, sizeof text, SECCOMP(ALLOW_DEFAULT ",'architectures':['%s','%s']"), name, name);
                message = plan(text);
                if (!seccomp_architecture_is_supported(name))
                        CHECK(strstr(message, "is not known to libseccomp"));
                else
                        CHECK(*message == '\0' || strstr(message, "has another byte order than this machine"));
        }
}

/* "When the action doesn't support an errno, the runtime MUST print and error and fail." */
TEST(an_errno_needs_an_action_that_has_one)
{
        static const char *const with[] = { "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE" };
        static const char *const without[] = { "SCMP_ACT_ALLOW",       "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                                               "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",  "SCMP_ACT_NOTIFY",
                                               "SCMP_ACT_TRAP" };
        char text[512];

        for (size_t i = 0; i < N_ELEMENTS(with); i++) {
                snprintf(text, sizeof text, RULE("'names':['read'],'action':'%s','errnoRet':38"), with[i]);
                CHECK_STR(plan(text), "");
        }
        for (size_t i = 0; i < N_ELEMENTS(without); i++) {
                snprintf(text, sizeof text, RULE("'names':['read'],'action':'%s','errnoRet':1"), without[i]);
                CHECK(strstr(plan(text), "linux.seccomp.syscalls[1].errnoRet: is not allowed with SCMP_ACT_"));
        }
        CHECK_STR(plan(SECCOMP("'defaultAction':'SCMP_ACT_KILL','defaultErrnoRet':1")),
                  "linux.seccomp.defaultErrnoRet: is not allowed with SCMP_ACT_KILL, which gives the program no errno");
}

TEST(an_errno_has_a_range_and_a_default)
{
        _arena_ struct arena *arena = arena_new();
        struct seccomp_plan p;

        CHECK_STR(plan_in(SECCOMP("'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':0"), arena, &p), "");
        CHECK(p.default_action == SECCOMP_RET_ERRNO);
        CHECK_STR(plan_in(SECCOMP("'defaultAction':'SCMP_ACT_TRACE'"), arena, &p), "");
        CHECK(p.default_action == (SECCOMP_RET_TRACE | EPERM));
        CHECK_STR(plan_in(SECCOMP("'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':65535"), arena, &p), "");
        CHECK(p.default_action == (SECCOMP_RET_TRACE | 65535));
        CHECK_STR(plan(SECCOMP("'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4095")), "");
        CHECK_STR(plan(SECCOMP("'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096")),
                  "linux.seccomp.defaultErrnoRet: must be from 0 to 4095, not 4096");
        CHECK_STR(plan(RULE("'names':['read'],'action':'SCMP_ACT_TRACE','errnoRet':65536")),
                  "linux.seccomp.syscalls[1].errnoRet: must be from 0 to 65535, not 65536");
}

TEST(conditions_are_checked)
{
        CHECK_STR(plan(ARGS("{'index':5,'value':0,'op':'SCMP_CMP_EQ'}")), "");
        CHECK_STR(plan(ARGS("{'index':0,'value':0,'op':'SCMP_CMP_EQ'},{'index':6,'value':0,'op':'SCMP_CMP_EQ'}")),
                  "linux.seccomp.syscalls[1].args[1].index: must be from 0 to 5, not 6");
        CHECK_STR(plan(ARGS("{'index':0,'value':1,'valueTwo':2,'op':'SCMP_CMP_EQ'}")),
                  "linux.seccomp.syscalls[1].args[0].valueTwo: has a meaning only with SCMP_CMP_MASKED_EQ");
}

TEST(conditions_that_never_hold_are_refused)
{
        static const char *const never[] = {
                "{'index':2,'value':1,'op':'SCMP_CMP_EQ'},{'index':2,'value':2,'op':'SCMP_CMP_EQ'}",
                "{'index':2,'value':1,'op':'SCMP_CMP_LT'},{'index':2,'value':1,'op':'SCMP_CMP_GE'}",
                "{'index':2,'value':5,'op':'SCMP_CMP_GT'},{'index':2,'value':6,'op':'SCMP_CMP_LT'}",
                "{'index':2,'value':5,'op':'SCMP_CMP_EQ'},{'index':2,'value':5,'op':'SCMP_CMP_NE'}",
                "{'index':2,'value':5,'op':'SCMP_CMP_EQ'},{'index':2,'value':4,'valueTwo':0,'op':'SCMP_CMP_MASKED_EQ'}",
                "{'index':2,'value':1,'valueTwo':2,'op':'SCMP_CMP_MASKED_EQ'}",
                "{'index':2,'value':0,'op':'SCMP_CMP_LT'}",
                "{'index':2,'value':18446744073709551615,'op':'SCMP_CMP_GT'}",
        };
        static const char *const possible[] = {
                "{'index':2,'value':1,'op':'SCMP_CMP_EQ'},{'index':3,'value':2,'op':'SCMP_CMP_EQ'}",
                "{'index':2,'value':1,'op':'SCMP_CMP_GE'},{'index':2,'value':1,'op':'SCMP_CMP_LE'}",
                "{'index':2,'value':1,'op':'SCMP_CMP_NE'},{'index':2,'value':2,'op':'SCMP_CMP_NE'}",
                "{'index':2,'value':0,'op':'SCMP_CMP_GE'},{'index':2,'value':18446744073709551615,'op':'SCMP_CMP_LE'}",
        };
        char text[1024];

        for (size_t i = 0; i < N_ELEMENTS(never); i++) {
                snprintf(text, sizeof text, ARGS("%s"), never[i]);
                CHECK_STR(plan(text),
                          "linux.seccomp.syscalls[1].args: no value of argument 2 satisfies all conditions | the "
                          "conditions of one entry must all hold: write an entry for each alternative");
        }
        for (size_t i = 0; i < N_ELEMENTS(possible); i++) {
                snprintf(text, sizeof text, ARGS("%s"), possible[i]);
                CHECK_STR(plan(text), "");
        }
}

TEST(the_number_of_conditions_is_limited)
{
        _buf_ struct buf text = { 0 };

        buf_puts(&text, "'linux':{'seccomp':{" ALLOW_DEFAULT ",'syscalls':[{'names':['read'],'action':'SCMP_ACT_LOG',"
                        "'args':[");
        for (unsigned i = 0; i <= SECCOMP_MAX_CONDITIONS; i++)
                buf_printf(&text, "%s{'index':0,'value':%u,'op':'SCMP_CMP_NE'}", i ? "," : "", i);
        buf_puts(&text, "]}]}}");
        CHECK_STR(plan(text.data), "linux.seccomp.syscalls[0].args: has 25 conditions; 24 are possible");
}

TEST(unknown_names_are_passed_over)
{
        _arena_ struct arena *arena = arena_new();
        struct seccomp_plan p;

        CHECK_STR(plan_in(SECCOMP(ERRNO_DEFAULT ",'syscalls':[{'names':['nonesuch','read','', 'socketcall_'],"
                                                "'action':'SCMP_ACT_ALLOW'}]"),
                          arena, &p),
                  "");
        CHECK(p.n_abis == 1 && p.abis[0].n_entries == 1);
}

/* "This field MUST NOT be set if listenerPath is not set." */
TEST(a_listener_has_a_path_and_can_be_handed_over)
{
        static const char hint[] = " must be allowed when SCMP_ACT_NOTIFY is used | the container's init hands the "
                                   "listener over with it once the filter is in force, before an agent can answer";
        _arena_ struct arena *arena = arena_new();
        struct seccomp_plan p;
        char expected[512];

        CHECK_STR(plan(SECCOMP(ALLOW_DEFAULT ",'listenerMetadata':'x'")),
                  "linux.seccomp.listenerMetadata: must not be set without listenerPath");
        CHECK_STR(plan(SECCOMP("'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/s'")),
                  "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY is possible only for single system calls");
        CHECK_STR(plan(SECCOMP(ALLOW_DEFAULT ",'syscalls':[{'names':['mknod'],'action':'SCMP_ACT_NOTIFY'}]")),
                  "linux.seccomp.listenerPath: is required with SCMP_ACT_NOTIFY");
        CHECK_STR(plan_in(SECCOMP(ALLOW_DEFAULT ",'listenerPath':'/s','listenerMetadata':'x'"), arena, &p), "");
        CHECK(p.flags == 0);
        CHECK_STR(plan_in(SECCOMP(ALLOW_DEFAULT ",'listenerPath':'/s','syscalls':[{'names':['mknod'],'action':"
                                                "'SCMP_ACT_NOTIFY'}]"),
                          arena, &p),
                  "");
        CHECK(p.flags == SECCOMP_FILTER_FLAG_NEW_LISTENER);

        snprintf(expected, sizeof expected, "linux.seccomp.syscalls: sendmsg%s", hint);
        CHECK_STR(plan(SECCOMP(ALLOW_DEFAULT ",'listenerPath':'/s','syscalls':[{'names':['mknod','sendmsg'],'action':"
                                             "'SCMP_ACT_NOTIFY'}]")),
                  expected);
        CHECK_STR(plan(SECCOMP(ERRNO_DEFAULT ",'listenerPath':'/s','syscalls':[{'names':['mknod'],'action':"
                                             "'SCMP_ACT_NOTIFY'}]")),
                  expected);
        CHECK_STR(plan(SECCOMP(ERRNO_DEFAULT
                               ",'listenerPath':'/s','syscalls':[{'names':['mknod'],'action':'SCMP_ACT_NOTIFY'},"
                               "{'names':['sendmsg'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':3,'op':"
                               "'SCMP_CMP_EQ'}]},{'names':['recvmsg'],'action':'SCMP_ACT_LOG'}]")),
                  expected);
        snprintf(expected, sizeof expected, "linux.seccomp.syscalls: recvmsg%s", hint);
        CHECK_STR(plan(SECCOMP(ALLOW_DEFAULT ",'listenerPath':'/s','syscalls':[{'names':['recvmsg'],'action':"
                                             "'SCMP_ACT_NOTIFY','args':[{'index':0,'value':9,'op':'SCMP_CMP_EQ'}]}]")),
                  expected);
}

TEST(flags_become_those_of_the_kernel)
{
        _arena_ struct arena *arena = arena_new();
        struct seccomp_plan p;

        CHECK_STR(plan_in(SECCOMP(ALLOW_DEFAULT ",'flags':['SECCOMP_FILTER_FLAG_LOG','SECCOMP_FILTER_FLAG_TSYNC',"
                                                "'SECCOMP_FILTER_FLAG_SPEC_ALLOW']"),
                          arena, &p),
                  "");
        CHECK(p.flags == (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
        CHECK_STR(plan(SECCOMP(ALLOW_DEFAULT ",'flags':['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV']")),
                  "linux.seccomp.flags[0]: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has a meaning only with "
                  "SCMP_ACT_NOTIFY");
        CHECK_STR(plan_in(SECCOMP(ALLOW_DEFAULT ",'listenerPath':'/s','syscalls':[{'names':['mknod'],'action':"
                                                "'SCMP_ACT_NOTIFY'}],'flags':['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_"
                                                "RECV','SECCOMP_FILTER_FLAG_TSYNC']"),
                          arena, &p),
                  "");
        CHECK(p.flags == (SECCOMP_FILTER_FLAG_NEW_LISTENER | 1u << 5 | SECCOMP_FILTER_FLAG_TSYNC |
                          SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
}

/* Plan, compile and load.  Returns the message of the error. */
static const char *load(const char *text, int *ret_listener)
{
        _arena_ struct arena *arena = arena_new();
        _free_ struct sock_filter *filter = NULL;
        struct seccomp_plan p;
        struct err err = { 0 };
        size_t n = 0;
        int r;

        r = seccomp_plan(config_parse(arena, text), arena, &p, &err);
        if (r >= 0)
                r = seccomp_compile(&p, &filter, &n, &err);
        if (r >= 0)
                r = seccomp_child_load(&p, filter, n, ret_listener, &err);
        return message_of(r, &err);
}

#define DENY_GETPRIORITY \
        SECCOMP(ALLOW_DEFAULT ",'flags':['SECCOMP_FILTER_FLAG_TSYNC'],'syscalls':[{'names':['getpriority'],'action':" \
                              "'SCMP_ACT_ERRNO','errnoRet':38,'args':[{'index':0,'value':1,'op':'SCMP_CMP_EQ'}]}]")

static void load_as_root(void)
{
        int listener = 0;

        CHECK_STR(load(DENY_GETPRIORITY, &listener), "");
        CHECK(listener == -EBADF);
        errno = 0;
        CHECK(getpriority(PRIO_PGRP, 0) == -1 && errno == ENOSYS);
        errno = 0;
        CHECK((getpriority(PRIO_PROCESS, 0) != -1 || errno == 0));
        CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
}

static void load_without_privilege(void)
{
        int listener;

        CHECK(setresuid(65534, 65534, 65534) == 0);
        CHECK(strstr(load(DENY_GETPRIORITY, &listener), "permission denied (EACCES) | a process without CAP_SYS_ADMIN "
                                                        "needs process.noNewPrivileges"));
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK_STR(load(DENY_GETPRIORITY, &listener), "");
}

TEST(a_filter_is_in_force_once_loaded)
{
        IN_CHILD_AS_ROOT(load_as_root);
        IN_CHILD_AS_ROOT(load_without_privilege);
}

/* "SECCOMP_FILTER_FLAG_TSYNC": seccomp(2), "synchronize all other threads of the calling process to the same seccomp
 * filter tree" */
#define DENY_WITH_FLAGS(flags) \
        SECCOMP(ALLOW_DEFAULT ",'flags':[" flags "],'syscalls':[{'names':['getpriority'],'action':'SCMP_ACT_ERRNO'," \
                              "'errnoRet':38}]")

struct other_thread {
        int begin[2];
        bool is_denied;
};

static void *run_other_thread(void *arg)
{
        struct other_thread *t = arg;
        char c;

        CHECK(read(t->begin[0], &c, 1) == 0);
        errno = 0;
        t->is_denied = getpriority(PRIO_PROCESS, 0) == -1 && errno == ENOSYS;
        return NULL;
}

static bool is_other_thread_denied(const char *text)
{
        struct other_thread t = { 0 };
        pthread_t thread;
        int listener;

        CHECK(pipe2(t.begin, O_CLOEXEC) == 0);
        CHECK(pthread_create(&thread, NULL, run_other_thread, &t) == 0);
        CHECK_STR(load(text, &listener), "");
        close(t.begin[1]);
        CHECK(pthread_join(thread, NULL) == 0);
        close(t.begin[0]);
        return t.is_denied;
}

static void load_with_threads(void)
{
        CHECK(!is_other_thread_denied(DENY_WITH_FLAGS("")));
}

static void load_for_all_threads(void)
{
        CHECK(is_other_thread_denied(DENY_WITH_FLAGS("'SECCOMP_FILTER_FLAG_TSYNC'")));
}

TEST(a_filter_may_be_for_all_threads)
{
        IN_CHILD_AS_ROOT(load_with_threads);
        IN_CHILD_AS_ROOT(load_for_all_threads);
}

#define NOTIFY \
        SECCOMP(ALLOW_DEFAULT ",'listenerPath':'/s','flags':['SECCOMP_FILTER_FLAG_TSYNC'],'syscalls':[{'names':[" \
                              "'getpriority'],'action':'SCMP_ACT_NOTIFY'}]")

static void receive(int socket, char *data, size_t size, int *ret_fd)
{
        char control[CMSG_SPACE(4 * sizeof(int))];
        struct iovec iov = { data, size - 1 };
        struct msghdr message = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
        };
        struct cmsghdr *header;
        ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

        *ret_fd = -EBADF;
        data[n > 0 ? n : 0] = '\0';
        header = CMSG_FIRSTHDR(&message);
        CHECK(header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)));
        if (header)
                memcpy(ret_fd, CMSG_DATA(header), sizeof *ret_fd);
        /* "The connection MUST NOT be reused and it MUST be closed after sending a seccomp state." */
        CHECK(read(socket, control, 1) == 0);
}

/* A request that a listener knows, for a notification that does not exist. */
static bool is_listener(int fd)
{
        uint64_t id = 12345;

        return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == -1 && errno == ENOENT;
}

static void hand_over_listener(void)
{
        char directory[] = "/tmp/test-seccomp-XXXXXX", path[64], data[1024], *fds[] = { (char[]){ "seccompFd" } };
        struct oci_state state = { .ociVersion = (char[]){ "1.3.0" },
                                   .id = (char[]){ "x" },
                                   .status = (char[]){ "creating" },
                                   .bundle = (char[]){ "/b" },
                                   .pid = 7,
                                   .has_pid = true };
        struct oci_process_state process = { .ociVersion = state.ociVersion,
                                             .fds = fds,
                                             .n_fds = 1,
                                             .pid = 7,
                                             .has_pid = true,
                                             .metadata = (char[]){ "m" },
                                             .state = &state };
        _close_ int dir = -EBADF, server = -EBADF, client = -EBADF, listener = -EBADF, received = -EBADF;
        struct err err = { 0 };

        CHECK(mkdtemp(directory) != NULL);
        dir = host_open_dir(AT_FDCWD, directory);
        snprintf(path, sizeof path, "%s/agent", directory);
        CHECK(strstr(message_of(seccomp_send_listener(path, 0, &process, &err), &err),
                     "connect to /tmp/test-seccomp-"));
        server = host_listen(dir, "agent", SOCK_STREAM);
        CHECK_STR(load(NOTIFY, &listener), "");
        CHECK(listener >= 0 && (fcntl(listener, F_GETFD) & FD_CLOEXEC));
        CHECK(strstr(load(NOTIFY, &client), "a filter that is in force already has a listener"));
        CHECK_STR(message_of(seccomp_send_listener(path, listener, &process, &err), &err), "");
        client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
        receive(client, data, sizeof data, &received);
        CHECK_STR(data, "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":7,\"metadata\":\"m\",\"state\":{"
                        "\"ociVersion\":\"1.3.0\",\"id\":\"x\",\"pid\":7,\"status\":\"creating\",\"bundle\":\"/b\"}}");
        CHECK(received >= 0 && is_listener(received));
        host_unlink(dir, "agent");
        CHECK(host_rmdir(AT_FDCWD, directory) == 0);
}

TEST(a_listener_goes_to_the_agent)
{
        IN_CHILD_AS_ROOT(hand_over_listener);
}

TEST(too_long_a_filter_is_refused)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf text = { 0 };
        struct sock_filter *code = NULL;
        struct seccomp_plan p;
        struct err err = { 0 };
        size_t n;

        buf_puts(&text, "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[");
        for (unsigned i = 0; i < 5000; i++)
                buf_printf(&text,
                           "%s{'names':['ioctl'],'action':'SCMP_ACT_ALLOW','args':[{'index':1,'value':%u,'op':"
                           "'SCMP_CMP_EQ'}]}",
                           i ? "," : "", i);
        buf_puts(&text, "]}}");
        CHECK(seccomp_plan(config_parse(arena, text.data), arena, &p, &err) == 0);
        CHECK_STR(message_of(seccomp_compile(&p, &code, &n, &err), &err),
                  "linux.seccomp: makes a filter of more than the 4096 instructions that the kernel takes | list fewer "
                  "architectures, or fewer entries with conditions");
        CHECK(!code);
}
