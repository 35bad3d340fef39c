/* list: print the containers below --root. */
#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/targets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FORMAT_TABLE, FORMAT_JSON };
static int format = FORMAT_TABLE;
static bool is_quiet;

static const struct option_row rows[] = {
        { .name = "format", .letter = 'f', .choice = &format, .words = "table|json", .help = "how to print them" },
        { .name = "quiet", .letter = 'q', .flag = &is_quiet, .help = "print only their ids" },
        { 0 },
};

enum { N_COLUMNS = 6 };
static const char *const headings[N_COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };

/* The cells of a container's line; pid is where the number is formatted. */
static void fill_cells(const struct oci_state *state, char pid[sizeof "-2147483648"], const char *cells[N_COLUMNS])
{
        snprintf(pid, sizeof "-2147483648", "%" PRId32, state->pid);
        cells[0] = state->id;
        cells[1] = pid;
        cells[2] = state->status;
        cells[3] = state->bundle;
        cells[4] = state->created ? state->created : "";
        cells[5] = state->owner ? state->owner : "";
}

static void widen(size_t widths[N_COLUMNS], const char *const cells[N_COLUMNS])
{
        for (size_t i = 0; i < N_COLUMNS; i++) {
                size_t width = strlen(cells[i]) + 3;

                if (widths[i] < width)
                        widths[i] = width;
        }
}

static void write_line(struct buf *out, const size_t widths[N_COLUMNS], const char *const cells[N_COLUMNS])
{
        for (size_t i = 0; i < N_COLUMNS; i++) {
                size_t len = strlen(cells[i]);

                /* a bundle's path may hold anything, and this may be a terminal */
                for (const char *p = cells[i]; *p; p++)
                        buf_append(out, (unsigned char)*p < ' ' || *p == 0x7f ? "?" : p, 1);
                if (i + 1 < N_COLUMNS)
                        buf_printf(out, "%*s", (int)(widths[i] - len), "");
        }
        buf_puts(out, "\n");
}

/* Columns as wide as runc's, so that what cuts its output by columns goes on working. */
static void write_table(struct buf *out, const struct oci_state *states, size_t n)
{
        size_t widths[N_COLUMNS] = { 12, 12, 12, 12, 12, 12 };
        char pid[sizeof "-2147483648"];
        const char *cells[N_COLUMNS];

        widen(widths, headings);
        for (size_t i = 0; i < n; i++) {
                fill_cells(&states[i], pid, cells);
                widen(widths, cells);
        }
        write_line(out, widths, headings);
        for (size_t i = 0; i < n; i++) {
                fill_cells(&states[i], pid, cells);
                write_line(out, widths, cells);
        }
}

/* An array on one line; `null` for none, as runc. */
static void write_json(struct buf *out, const struct oci_state *states, size_t n)
{
        if (n == 0)
                buf_puts(out, "null");
        for (size_t i = 0; i < n; i++) {
                buf_puts(out, i == 0 ? "[" : ",");
                spec_write(spec_type(oci_state), &states[i], false, out);
        }
        buf_puts(out, n > 0 ? "]\n" : "\n");
}

static void write_ids(struct buf *out, const struct oci_state *states, size_t n)
{
        for (size_t i = 0; i < n; i++)
                buf_printf(out, "%s\n", states[i].id);
}

static int run_list(const struct context *context, char *const *arguments, int *ret_status, struct err *err)
{
        _arena_ struct arena *arena = arena_new();
        _buf_ struct buf out = { 0 };
        struct oci_state *states;
        size_t n;
        int r;

        r = targets_list(context, arena, &states, &n, err);
        if (r < 0)
                return r;
        if (is_quiet)
                write_ids(&out, states, n);
        else if (format == FORMAT_JSON)
                write_json(&out, states, n);
        else
                write_table(&out, states, n);
        return output_write(&out, err);
}

const struct command command_list = {
        .name = "list",
        .arguments = "",
        .summary = "list the containers",
        .options = { rows },
        .run = run_list,
};
