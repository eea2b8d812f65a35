// zlib: DEFLATE for permessage-deflate.
#include <zlib.h>
