/* The reader: yajl's events, walked along the tables.
 *
 * A stack of frames follows the nesting of the text.  The frame of an object knows its struct and the
 * property that is being read; the frame of an array or a map knows where to append.  The error's place
 * is read off the stack, so nothing is spent on it while all goes well.  Time is linear in the text. */
#include "oci-spec/table.h"

#include "base/number.h"
#include "oci-spec/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct frame {
        enum { IN_OBJECT, IN_ARRAY, IN_MAP, IN_STRING_MAP, IN_IGNORED_OBJECT, IN_IGNORED_ARRAY } kind;
        const struct spec_type *type;   /* object: of the struct */
        char *object;                   /* object: the struct; array, map: the struct that owns the field */
        const struct spec_field *field; /* object: being read, NULL if unknown; array, map: itself */
        const char *key;                /* object, map: the last key, for the error's place */
        size_t index;                   /* array: elements so far */
        uint64_t seen, nulls;           /* object: sets of the fields that occurred, and that were null */
        uint32_t serial;                /* tells this object's keys from those of others */
};

struct reader {
        struct arena *arena;
        struct err *err;
        const struct spec_type *type;
        void *document;
        struct frame frames[SPEC_MAX_DEPTH];
        size_t depth;
        uint32_t n_objects;

        /* Keys of maps and unknown ones, to find duplicates: open addressing, a power of two. */
        struct {
                const char *key;
                uint32_t serial;
        } * keys;
        size_t n_keys, keys_size;
};

/* ---- errors ---------------------------------------------------------------------------------- */

/* Prepend the path of the current value to the error; 0 cancels the parser. */
static int at(struct reader *r)
{
        for (size_t i = r->depth; i-- > 0;) {
                const struct frame *f = &r->frames[i];

                if (f->kind == IN_ARRAY || f->kind == IN_IGNORED_ARRAY)
                        err_at(r->err, r->err->code, "[%zu]", f->index);
                else if (f->key)
                        err_at(r->err, r->err->code, "%s", f->key);
        }
        return 0;
}

static const char *wanted(const struct spec_field *f)
{
        switch ((enum spec_kind)f->kind) {
        case SPEC_STRING:
        case SPEC_WORD:
                return "a string";
        case SPEC_STRINGS:
                return "an array of strings";
        case SPEC_U32S:
                return "an array of numbers";
        case SPEC_BOOL:
                return "true or false";
        case SPEC_U16:
        case SPEC_U32:
        case SPEC_U64:
        case SPEC_I32:
        case SPEC_I64:
                return "a number";
        case SPEC_OBJECTS:
                return "an array of objects";
        case SPEC_OBJECT:
        case SPEC_MAP:
                return "an object";
        case SPEC_STRING_MAP:
                return "an object whose values are strings";
        }
        return "";
}

/* An element of an array or map. */
static const char *wanted_element(const struct spec_field *f)
{
        return f->kind == SPEC_U32S                             ? "a number"
               : f->kind == SPEC_OBJECTS || f->kind == SPEC_MAP ? "an object"
                                                                : "a string";
}

/* found: the value as it stands there, in so far as it fits into a message. */
static int wrong_type(struct reader *r, const struct frame *f, const char *found)
{
        refuse(r->err, -EINVAL, "must be %s, not %s",
               f->kind == IN_OBJECT ? wanted(f->field) : wanted_element(f->field), found);
        return at(r);
}

/* ---- duplicate keys -------------------------------------------------------------------------- */

static uint64_t hash(uint32_t serial, const char *key, size_t len)
{
        uint64_t h = 14695981039346656037u ^ serial;

        for (size_t i = 0; i < len; i++)
                h = (h ^ (unsigned char)key[i]) * 1099511628211u;
        return h ^ h >> 29;
}

static void insert_key(struct reader *r, uint32_t serial, const char *key)
{
        size_t i = hash(serial, key, strlen(key)) & (r->keys_size - 1);

        while (r->keys[i].key)
                i = (i + 1) & (r->keys_size - 1);
        r->keys[i].key = key;
        r->keys[i].serial = serial;
}

static void grow_keys(struct reader *r)
{
        __auto_type old = r->keys;
        size_t old_size = r->keys_size;

        r->keys_size = old_size ? 2 * old_size : 64;
        r->keys = xcalloc(r->keys_size, sizeof *r->keys);
        for (size_t i = 0; i < old_size; i++)
                if (old[i].key)
                        insert_key(r, old[i].serial, old[i].key);
        free(old);
}

/* Remember a key of the object with this serial: a copy in the arena, or NULL if it was there. */
static const char *new_key(struct reader *r, uint32_t serial, const char *key, size_t len)
{
        const char *copy;

        if (2 * (r->n_keys + 1) > r->keys_size)
                grow_keys(r);
        for (size_t i = hash(serial, key, len) & (r->keys_size - 1); r->keys[i].key; i = (i + 1) & (r->keys_size - 1))
                if (r->keys[i].serial == serial && strlen(r->keys[i].key) == len &&
                    memcmp(r->keys[i].key, key, len) == 0)
                        return NULL;
        copy = arena_strndup(r->arena, key, len);
        insert_key(r, serial, copy);
        r->n_keys++;
        return copy;
}

/* ---- storing --------------------------------------------------------------------------------- */

static struct frame *top(struct reader *r)
{
        return r->depth ? &r->frames[r->depth - 1] : NULL;
}

/* Room for one more element of the array or map field f of object. */
static void *append(struct reader *r, char *object, const struct spec_field *f, size_t size)
{
        void **array = (void **)(object + f->offset);
        size_t *n = (size_t *)(object + f->extra_offset);

        *array = arena_grow(r->arena, *array, *n, size);
        return (char *)*array + (*n)++ * size;
}

static int store_integer(struct reader *r, const struct spec_field *f, void *to, const char *text)
{
        static const struct {
                int64_t min;
                uint64_t max;
        } range[] = {
                [SPEC_U32S] = { 0, UINT32_MAX },       [SPEC_U16] = { 0, UINT16_MAX },
                [SPEC_U32] = { 0, UINT32_MAX },        [SPEC_U64] = { 0, UINT64_MAX },
                [SPEC_I32] = { INT32_MIN, INT32_MAX }, [SPEC_I64] = { INT64_MIN, INT64_MAX },
        };
        int64_t min = range[f->kind].min, i = 0;
        uint64_t max = range[f->kind].max, u = 0;
        int code;

        if (min < 0)
                code = number_i64(text, min, (int64_t)max, &i);
        else if (*text == '-')
                code = number_i64(text, INT64_MIN, -1, &i) == -EINVAL ? -EINVAL : -ERANGE;
        else
                code = number_u64(text, max, &u);
        if (code == -EINVAL) {
                refuse(r->err, code, "must be an integer, not %.40s", text);
                return at(r);
        }
        if (code < 0) {
                refuse(r->err, code, "must be from %" PRId64 " to %" PRIu64 ", not %.40s", min, max, text);
                return at(r);
        }
        switch ((enum spec_kind)f->kind) {
        case SPEC_U16:
                *(uint16_t *)to = (uint16_t)u;
                break;
        case SPEC_U32S:
        case SPEC_U32:
                *(uint32_t *)to = (uint32_t)u;
                break;
        case SPEC_U64:
                *(uint64_t *)to = u;
                break;
        case SPEC_I32:
                *(int32_t *)to = (int32_t)i;
                break;
        default:
                *(int64_t *)to = i;
        }
        return 1;
}

static const char *word_list(const struct spec_field *f)
{
        return f->name + f->name_len + 1;
}

static int is_one_of(const char *words, const char *value, size_t len)
{
        for (const char *w = words; w; w = strchr(w, '|') ? strchr(w, '|') + 1 : NULL)
                if (strcspn(w, "|") == len && memcmp(w, value, len) == 0)
                        return 1;
        return 0;
}

/* ---- events ---------------------------------------------------------------------------------- */

static int on_null(void *ctx)
{
        struct reader *r = ctx;
        struct frame *f = top(r);

        /* a property that is null counts as absent; an element that is null has the wrong type */
        if (!f) {
                refuse(r->err, -EINVAL, "must be an object");
                return 0;
        }
        if (f->kind == IN_ARRAY || f->kind == IN_MAP || f->kind == IN_STRING_MAP)
                return wrong_type(r, f, "null");
        if (f->kind == IN_OBJECT && f->field)
                f->nulls |= UINT64_C(1) << (f->field - spec_fields_of(f->type));
        f->index++;
        return 1;
}

static int on_boolean(void *ctx, int value)
{
        struct reader *r = ctx;
        struct frame *f = top(r);

        if (!f) {
                refuse(r->err, -EINVAL, "must be an object");
                return 0;
        }
        if (f->kind == IN_IGNORED_ARRAY)
                f->index++;
        if (f->kind >= IN_IGNORED_OBJECT || (f->kind == IN_OBJECT && !f->field))
                return 1;
        if (f->kind != IN_OBJECT || f->field->kind != SPEC_BOOL)
                return wrong_type(r, f, value ? "true" : "false");
        *(bool *)(f->object + f->field->offset) = value;
        *(bool *)(f->object + f->field->extra_offset) = true;
        return 1;
}

static int on_number(void *ctx, const char *value, size_t len)
{
        struct reader *r = ctx;
        struct frame *f = top(r);
        char text[64];

        if (!f) {
                refuse(r->err, -EINVAL, "must be an object");
                return 0;
        }
        if (f->kind == IN_IGNORED_ARRAY)
                f->index++;
        if (f->kind >= IN_IGNORED_OBJECT || (f->kind == IN_OBJECT && !f->field))
                return 1;
        /* no integer is longer than this; the text that is cut is out of range as well */
        snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), value);
        if (f->kind == IN_ARRAY && f->field->kind == SPEC_U32S) {
                if (!store_integer(r, f->field, append(r, f->object, f->field, sizeof(uint32_t)), text))
                        return 0;
                f->index++;
                return 1;
        }
        if (f->kind != IN_OBJECT || f->field->kind < SPEC_U16 || f->field->kind > SPEC_I64)
                return wrong_type(r, f, text);
        *(bool *)(f->object + f->field->extra_offset) = true;
        return store_integer(r, f->field, f->object + f->field->offset, text);
}

static int on_string(void *ctx, const unsigned char *value, size_t len)
{
        struct reader *r = ctx;
        struct frame *f = top(r);
        char *copy;

        if (!f) {
                refuse(r->err, -EINVAL, "must be an object");
                return 0;
        }
        if (f->kind == IN_IGNORED_ARRAY)
                f->index++;
        if (f->kind >= IN_IGNORED_OBJECT || (f->kind == IN_OBJECT && !f->field))
                return 1;
        if (memchr(value, '\0', len)) {
                refuse(r->err, -EINVAL, "must not contain a NUL character");
                return at(r);
        }
        copy = arena_strndup(r->arena, (const char *)value, len);
        if (f->kind == IN_STRING_MAP) {
                *(struct oci_pair *)append(r, f->object, f->field, sizeof(struct oci_pair)) =
                        (struct oci_pair){ (char *)(uintptr_t)f->key, copy };
                return 1;
        }
        if (f->kind == IN_ARRAY && f->field->kind == SPEC_STRINGS) {
                *(char **)append(r, f->object, f->field, sizeof(char *)) = copy;
                f->index++;
                return 1;
        }
        if (f->kind != IN_OBJECT || (f->field->kind != SPEC_STRING && f->field->kind != SPEC_WORD))
                return wrong_type(r, f, arena_printf(r->arena, "\"%.100s\"", copy));
        if (f->field->kind == SPEC_WORD && !is_one_of(word_list(f->field), copy, len)) {
                refuse(r->err, -EINVAL, "must be one of %s, not \"%.100s\"", word_list(f->field), copy);
                return at(r);
        }
        *(char **)(f->object + f->field->offset) = copy;
        return 1;
}

static int push(struct reader *r, struct frame frame)
{
        if (r->depth == SPEC_MAX_DEPTH) {
                refuse(r->err, -ELOOP, "nested more than %d levels deep", SPEC_MAX_DEPTH);
                return at(r);
        }
        r->frames[r->depth++] = frame;
        return 1;
}

static int push_struct(struct reader *r, const struct spec_type *type, void *object)
{
        return push(r, (struct frame){ .kind = IN_OBJECT, .type = type, .object = object, .serial = ++r->n_objects });
}

static int on_start_map(void *ctx)
{
        struct reader *r = ctx;
        struct frame *f = top(r);
        void *object;

        if (!f)
                return push_struct(r, r->type, r->document);
        if (f->kind >= IN_IGNORED_OBJECT || (f->kind == IN_OBJECT && !f->field))
                return push(r, (struct frame){ .kind = IN_IGNORED_OBJECT, .serial = ++r->n_objects });
        if (f->kind == IN_ARRAY && f->field->kind == SPEC_OBJECTS)
                return push_struct(r, spec_type_of(f->field),
                                   append(r, f->object, f->field, spec_type_of(f->field)->size));
        if (f->kind == IN_MAP) {
                object = append(r, f->object, f->field, spec_type_of(f->field)->size);
                *(const char **)object = f->key;
                return push_struct(r, spec_type_of(f->field), object);
        }
        if (f->kind == IN_OBJECT && f->field->kind == SPEC_OBJECT) {
                object = arena_alloc(r->arena, spec_type_of(f->field)->size);
                *(void **)(f->object + f->field->offset) = object;
                return push_struct(r, spec_type_of(f->field), object);
        }
        if (f->kind == IN_OBJECT && (f->field->kind == SPEC_MAP || f->field->kind == SPEC_STRING_MAP)) {
                /* an empty map is not an absent one */
                *(void **)(f->object + f->field->offset) = arena_alloc(r->arena, 1);
                return push(r, (struct frame){ .kind = f->field->kind == SPEC_MAP ? IN_MAP : IN_STRING_MAP,
                                               .object = f->object,
                                               .field = f->field,
                                               .serial = ++r->n_objects });
        }
        return wrong_type(r, f, "an object");
}

static int on_map_key(void *ctx, const unsigned char *key, size_t len)
{
        struct reader *r = ctx;
        struct frame *f = top(r);

        if (memchr(key, '\0', len)) {
                f->key = NULL;
                refuse(r->err, -EINVAL, "a key must not contain a NUL character");
                return at(r);
        }
        if (f->kind == IN_OBJECT) {
                for (size_t i = 0; i < f->type->n_fields; i++) {
                        const struct spec_field *field = &spec_fields_of(f->type)[i];

                        if (field->name_len != len || memcmp(field->name, key, len) != 0)
                                continue;
                        f->field = field;
                        f->key = field->name;
                        if (f->seen & UINT64_C(1) << i) {
                                refuse(r->err, -EINVAL, "occurs twice");
                                return at(r);
                        }
                        f->seen |= UINT64_C(1) << i;
                        return 1;
                }
                f->field = NULL;
        }
        f->key = new_key(r, f->serial, (const char *)key, len);
        if (!f->key) {
                f->key = arena_strndup(r->arena, (const char *)key, len);
                refuse(r->err, -EINVAL, "occurs twice");
                return at(r);
        }
        return 1;
}

/* The value that the popped frame held is complete. */
static void pop(struct reader *r)
{
        struct frame *f;

        r->depth--;
        f = top(r);
        if (f && (f->kind == IN_ARRAY || f->kind == IN_IGNORED_ARRAY))
                f->index++;
}

static int on_end_map(void *ctx)
{
        struct reader *r = ctx;
        struct frame *f = top(r);

        if (f->kind == IN_OBJECT) {
                for (size_t i = 0; i < f->type->n_fields; i++) {
                        if (spec_fields_of(f->type)[i].is_required && !(f->seen & ~f->nulls & UINT64_C(1) << i)) {
                                f->key = spec_fields_of(f->type)[i].name;
                                refuse(r->err, -EINVAL, "is required, and missing");
                                return at(r);
                        }
                }
        }
        pop(r);
        return 1;
}

static int on_start_array(void *ctx)
{
        struct reader *r = ctx;
        struct frame *f = top(r);

        if (!f) {
                refuse(r->err, -EINVAL, "must be an object");
                return 0;
        }
        if (f->kind >= IN_IGNORED_OBJECT || (f->kind == IN_OBJECT && !f->field))
                return push(r, (struct frame){ .kind = IN_IGNORED_ARRAY });
        if (f->kind != IN_OBJECT ||
            (f->field->kind != SPEC_STRINGS && f->field->kind != SPEC_U32S && f->field->kind != SPEC_OBJECTS))
                return wrong_type(r, f, "an array");
        /* an empty array is not an absent one */
        *(void **)(f->object + f->field->offset) = arena_alloc(r->arena, 1);
        return push(r, (struct frame){ .kind = IN_ARRAY, .object = f->object, .field = f->field });
}

static int on_end_array(void *ctx)
{
        pop(ctx);
        return 1;
}

static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_map_key,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
};

/* The text is no JSON: the line and column of the offset where it is not, and why. */
static int syntax_error(const char *text, size_t offset, const char *why, struct err *err)
{
        size_t line = 1, column = 1;

        for (size_t i = 0; i < offset; i++) {
                column++;
                if (text[i] == '\n') {
                        line++;
                        column = 1;
                }
        }
        return refuse(err, -EINVAL, "line %zu, column %zu: not valid JSON: %.*s", line, column, (int)strcspn(why, "\n"),
                      why);
}

static int yajl_error(yajl_handle handle, const char *text, size_t len, size_t offset, struct err *err)
{
        unsigned char *message = yajl_get_error(handle, 0, (const unsigned char *)text, len);
        const char *why = strstr((const char *)message, "error: "); /* after "parse" or "lexical" */

        why = why ? why + strlen("error: ") : (const char *)message;
        syntax_error(text, offset < len ? offset : len, why, err);
        yajl_free_error(handle, message);
        return err->code;
}

int spec_read(const struct spec_type *type, const char *text, size_t len, struct arena *arena, void *ret,
              struct err *err)
{
        const char *fault, *why;
        struct reader *r;
        yajl_handle handle;
        yajl_status status;
        size_t offset;
        int code = 0;

        if (len > SPEC_MAX_SIZE)
                return refuse(err, -EFBIG, "larger than %u bytes", SPEC_MAX_SIZE);
        fault = text_find_fault(text, text + len, &why);
        if (fault)
                return syntax_error(text, (size_t)(fault - text), why, err);
        r = xcalloc(1, sizeof *r);
        r->arena = arena;
        r->err = err;
        r->type = type;
        r->document = ret;
        memset(ret, 0, type->size);
        handle = yajl_alloc(&callbacks, NULL, r);
        status = yajl_parse(handle, (const unsigned char *)text, len);
        offset = yajl_get_bytes_consumed(handle); /* the last byte that it looked at is the wrong one */
        offset -= offset > 0;
        if (status == yajl_status_ok) {
                status = yajl_complete_parse(handle);
                offset = len; /* something is missing */
        }
        if (status == yajl_status_client_canceled)
                code = err->code;
        else if (status == yajl_status_error)
                code = yajl_error(handle, text, len, offset, err);
        yajl_free(handle);
        free(r->keys);
        free(r);
        return code;
}
