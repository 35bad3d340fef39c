/* The id of a container. */
#include "lifecycle/id.h"

#include <errno.h>
#include <string.h>

/* NAME_MAX is 255; the rest is for prefixes and suffixes of names that are made from the id. */
#define ID_MAX 240

int id_check(const char *id, struct err *err)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";
        size_t len = strlen(id);

        if (len == 0)
                return refuse(err, -EINVAL, "the container id is empty");
        if (len > ID_MAX)
                return refuse(err, -ENAMETOOLONG, "the container id is %zu bytes long; %d are allowed", len, ID_MAX);
        if (id[0] == '.' || id[strspn(id, allowed)] != '\0')
                return refuse(
                        err, -EINVAL,
                        "\"%s\" is not a container id: it consists of letters, digits and the characters _+-. and "
                        "does not begin with a dot",
                        id);
        return 0;
}
