/* The known word that a mistyped one was meant to be: the one with the smallest number of letters to
 * insert, delete, replace or swap with the next (the optimal string alignment distance). */
#include "cmd/nearest.h"

#include <string.h>

#define MAX_LEN 31

void nearest_begin(struct nearest *n, const char *word, size_t len)
{
        /* up to two mistakes, but fewer than half of a short word, which would be another word */
        *n = (struct nearest){ .word = word, .len = len, .distance = len < 4 ? 2 : 3 };
}

static unsigned minimum(unsigned a, unsigned b)
{
        return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
        unsigned d[MAX_LEN + 1][MAX_LEN + 1]; /* of the first i letters of a and the first j of b */

        for (size_t i = 0; i <= a_len; i++)
                d[i][0] = (unsigned)i;
        for (size_t j = 0; j <= b_len; j++)
                d[0][j] = (unsigned)j;
        for (size_t i = 1; i <= a_len; i++) {
                for (size_t j = 1; j <= b_len; j++) {
                        d[i][j] = minimum(d[i - 1][j], d[i][j - 1]) + 1;
                        d[i][j] = minimum(d[i][j], d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                d[i][j] = minimum(d[i][j], d[i - 2][j - 2] + 1);
                }
        }
        return d[a_len][b_len];
}

void nearest_offer(struct nearest *n, const char *candidate)
{
        size_t len = strlen(candidate);
        unsigned d;

        if (n->len > MAX_LEN || len > MAX_LEN)
                return;
        d = distance(n->word, n->len, candidate, len);
        if (d < n->distance) {
                n->distance = d;
                n->best = candidate;
        }
}
