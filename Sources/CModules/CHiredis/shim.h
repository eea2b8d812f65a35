// hiredis' RESP reader only: the bytes move on Parley's own loop.
#include <hiredis/hiredis.h>
