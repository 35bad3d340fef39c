/* The writer: a struct as JSON text. */
#include "oci-spec/table.h"

#include <inttypes.h>

struct writer {
        struct buf *out;
        bool is_pretty;
        unsigned depth;
};

static void newline(const struct writer *w)
{
        if (!w->is_pretty)
                return;
        buf_puts(w->out, "\n");
        for (unsigned i = 0; i < w->depth; i++)
                buf_puts(w->out, "  ");
}

/* An object or array is opened, separated and closed. */
static void open_with(struct writer *w, const char *bracket)
{
        buf_puts(w->out, bracket);
        w->depth++;
}

static void separate(const struct writer *w, size_t index)
{
        if (index > 0)
                buf_puts(w->out, ",");
        newline(w);
}

static void close_with(struct writer *w, const char *bracket, size_t n)
{
        w->depth--;
        if (n > 0)
                newline(w);
        buf_puts(w->out, bracket);
}

static void write_key(const struct writer *w, size_t index, const char *key)
{
        separate(w, index);
        buf_json_string(w->out, key);
        buf_puts(w->out, w->is_pretty ? ": " : ":");
}

static void write_object(struct writer *w, const struct spec_type *type, const char *object);

static void write_scalar(const struct writer *w, const struct spec_field *f, const void *value)
{
        switch ((enum spec_kind)f->kind) {
        case SPEC_BOOL:
                buf_puts(w->out, *(const bool *)value ? "true" : "false");
                return;
        case SPEC_U16:
                buf_printf(w->out, "%" PRIu16, *(const uint16_t *)value);
                return;
        case SPEC_U32:
                buf_printf(w->out, "%" PRIu32, *(const uint32_t *)value);
                return;
        case SPEC_U64:
                buf_printf(w->out, "%" PRIu64, *(const uint64_t *)value);
                return;
        case SPEC_I32:
                buf_printf(w->out, "%" PRId32, *(const int32_t *)value);
                return;
        case SPEC_I64:
                buf_printf(w->out, "%" PRId64, *(const int64_t *)value);
                return;
        default:
                BUG("%s is not a scalar", f->name);
        }
}

static void write_list(struct writer *w, const struct spec_field *f, const void *list, size_t n)
{
        open_with(w, "[");
        for (size_t i = 0; i < n; i++) {
                separate(w, i);
                if (f->kind == SPEC_STRINGS)
                        buf_json_string(w->out, ((char *const *)list)[i]);
                else if (f->kind == SPEC_U32S)
                        buf_printf(w->out, "%" PRIu32, ((const uint32_t *)list)[i]);
                else
                        write_object(w, spec_type_of(f), (const char *)list + i * spec_type_of(f)->size);
        }
        close_with(w, "]", n);
}

static void write_map(struct writer *w, const struct spec_field *f, const void *map, size_t n)
{
        open_with(w, "{");
        for (size_t i = 0; i < n; i++) {
                if (f->kind == SPEC_STRING_MAP) {
                        const struct oci_pair *pair = (const struct oci_pair *)map + i;

                        write_key(w, i, pair->key);
                        buf_json_string(w->out, pair->value);
                } else {
                        const char *value = (const char *)map + i * spec_type_of(f)->size;

                        write_key(w, i, *(char *const *)value);
                        write_object(w, spec_type_of(f), value);
                }
        }
        close_with(w, "}", n);
}

static const void *pointer_at(const char *place)
{
        return *(void *const *)place;
}

/* Whether the property is there: a scalar has has_x, anything else is a pointer. */
static bool is_set(const struct spec_field *f, const char *object)
{
        if (f->kind >= SPEC_BOOL && f->kind <= SPEC_I64)
                return *(const bool *)(object + f->extra_offset);
        return pointer_at(object + f->offset) != NULL;
}

static void write_value(struct writer *w, const struct spec_field *f, const char *object)
{
        const char *place = object + f->offset;

        switch ((enum spec_kind)f->kind) {
        case SPEC_STRING:
        case SPEC_WORD:
                buf_json_string(w->out, pointer_at(place));
                return;
        case SPEC_STRINGS:
        case SPEC_U32S:
        case SPEC_OBJECTS:
                write_list(w, f, pointer_at(place), *(const size_t *)(object + f->extra_offset));
                return;
        case SPEC_MAP:
        case SPEC_STRING_MAP:
                write_map(w, f, pointer_at(place), *(const size_t *)(object + f->extra_offset));
                return;
        case SPEC_OBJECT:
                write_object(w, spec_type_of(f), pointer_at(place));
                return;
        default:
                write_scalar(w, f, place);
        }
}

static void write_object(struct writer *w, const struct spec_type *type, const char *object)
{
        size_t n = 0;

        open_with(w, "{");
        for (size_t i = 0; i < type->n_fields; i++) {
                if (!is_set(&spec_fields_of(type)[i], object))
                        continue;
                write_key(w, n++, spec_fields_of(type)[i].name);
                write_value(w, &spec_fields_of(type)[i], object);
        }
        close_with(w, "}", n);
}

void spec_write(const struct spec_type *type, const void *object, bool is_pretty, struct buf *out)
{
        struct writer w = { .out = out, .is_pretty = is_pretty };

        write_object(&w, type, object);
}
