/* features: what this runtime recognizes (features.md, features-linux.md).
 *
 * "The content of the Features structure SHOULD be determined on the compilation time of the runtime": every
 * list here comes from the table that also accepts its words, and nothing depends on the host. */
#include "cgroup/cgroup.h"
#include "cmd/command.h"
#include "cmd/document.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "cmd/version.h"
#include "config.h"
#include "facility/caps.h"
#include "facility/hooks.h"
#include "facility/memory_policy.h"
#include "facility/mount_options.h"
#include "facility/namespaces.h"
#include "facility/seccomp.h"
#include "oci-spec/spec.h"

/* A boolean with its has_x. */
#define SWITCH(name, value) .name = (value), .has_##name = true
#define YES(name) SWITCH(name, true)
#define NO(name) SWITCH(name, false)

static const char *hook_name(size_t i)
{
        return i < N_HOOK_KINDS ? hook_names[i] : NULL;
}

static const char *name_of_namespace(size_t i)
{
        return i < N_NAMESPACES ? namespace_name((enum namespace_kind)i) : NULL;
}

static char **capabilities(struct arena *a, size_t *ret_n)
{
        char **names = NULL, *name;
        size_t n = 0;

        for (; (name = caps_name(a, (unsigned)n)); n++) {
                names = arena_grow(a, names, n, sizeof *names);
                names[n] = name;
        }
        *ret_n = n;
        return names;
}

/* Those that the linked libseccomp can do; others are recognized only to be refused. */
static char **architectures(struct arena *a, size_t *ret_n)
{
        char **names = arena_alloc(a, sizeof *names);
        size_t n = 0;

        for (const char *const *name = seccomp_architecture_names; *name; name++) {
                if (!seccomp_architecture_is_supported(*name))
                        continue;
                names = arena_grow(a, names, n, sizeof *names);
                names[n++] = arena_strdup(a, *name);
        }
        *ret_n = n;
        return names;
}

static struct oci_features_seccomp *make_seccomp(struct arena *a)
{
        struct oci_features_seccomp *s = arena_alloc(a, sizeof *s);

        *s = (struct oci_features_seccomp){ YES(enabled) };
        s->actions = document_strings(a, seccomp_action_names, &s->n_actions);
        s->operators = document_strings(a, seccomp_operator_names, &s->n_operators);
        s->archs = architectures(a, &s->n_archs);
        s->knownFlags = document_strings(a, seccomp_flag_names, &s->n_knownFlags);
        /* all of them, since the kernel of the day must not make a difference here */
        s->supportedFlags = s->knownFlags;
        s->n_supportedFlags = s->n_knownFlags;
        return s;
}

static struct oci_features_memory_policy *make_memory_policy(struct arena *a)
{
        struct oci_features_memory_policy *m = arena_alloc(a, sizeof *m);

        m->modes = document_names(a, memory_policy_mode_name, &m->n_modes);
        m->flags = document_names(a, memory_policy_flag_name, &m->n_flags);
        return m;
}

static struct oci_features_linux *make_linux(struct arena *a)
{
        /* v1 is false: on a hybrid host limits are written to controllers of v1, but a container lives in
         * the hierarchy of v2 */
        static struct oci_features_cgroup cgroup = { NO(v1), YES(v2), SWITCH(systemd, HAVE_SYSTEMD),
                                                     SWITCH(systemdUser, HAVE_SYSTEMD), YES(rdma) };
        static struct oci_features_intel_rdt intel_rdt = { YES(enabled), YES(schemata), YES(monitoring) };
        static struct oci_features_switch enabled = { YES(enabled) };
        static struct oci_features_mount_extensions mount_extensions = { .idmap = &enabled };
        struct oci_features_linux *l = arena_alloc(a, sizeof *l);

        *l = (struct oci_features_linux){
                .cgroup = &cgroup,
                .seccomp = make_seccomp(a),
                .apparmor = &enabled,
                .selinux = &enabled,
                .intelRdt = &intel_rdt,
                .memoryPolicy = make_memory_policy(a),
                .mountExtensions = &mount_extensions,
                .netDevices = &enabled,
        };
        l->namespaces = document_names(a, name_of_namespace, &l->n_namespaces);
        l->capabilities = capabilities(a, &l->n_capabilities);
        return l;
}

/* "may potentially change the behavior of the runtime"; one that ends with a dot is a prefix */
static const char *const heeded_annotations[] = {
        SIGNALS_STOP_ANNOTATION,
#if HAVE_SYSTEMD
        CGROUP_PROPERTY_ANNOTATION,
#endif
        NULL,
};

static void add_annotations(struct oci_features *features, struct arena *a)
{
        char libseccomp[VERSION_SIZE];

        version_libseccomp(libseccomp);
        features->annotations = arena_alloc(a, 3 * sizeof *features->annotations);
        features->annotations[features->n_annotations++] = (struct oci_pair){
                document_string(a, "io.github.seccomp.libseccomp.version"), arena_strdup(a, libseccomp)
        };
        features->annotations[features->n_annotations++] = (struct oci_pair){ document_string(a, "org.ocirun.version"),
                                                                              document_string(a, PACKAGE_VERSION) };
        if (COMMIT[0])
                features->annotations[features->n_annotations++] =
                        (struct oci_pair){ document_string(a, "org.ocirun.commit"), document_string(a, COMMIT) };
}

static int run_features(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        _arena_ struct arena *a = arena_new();
        _buf_ struct buf out = { 0 };
        struct oci_features features = {
                .ociVersionMin = document_string(a, "1.0.0"),
                .ociVersionMax = document_string(a, OCI_VERSION),
                .linux = make_linux(a),
        };

        features.potentiallyUnsafeConfigAnnotations = document_strings(a, heeded_annotations,
                                                                       &features.n_potentiallyUnsafeConfigAnnotations);
        features.hooks = document_names(a, hook_name, &features.n_hooks);
        features.mountOptions = document_names(a, mount_option_name, &features.n_mountOptions);
        add_annotations(&features, a);
        spec_write(spec_type(oci_features), &features, true, &out);
        buf_puts(&out, "\n");
        return output_write(&out, err);
}

const struct command command_features = {
        .name = "features",
        .arguments = "",
        .summary = "print what this runtime recognizes as JSON",
        .run = run_features,
};
