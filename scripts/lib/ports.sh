# shellcheck shell=bash
# TCP ports: which are free, and which this data folder has used before.

# Whether somebody listens on a port, on whatever address; read from the kernel, so no tool is needed.
port_is_taken() {
    local hex
    printf -v hex '%04X' "$1"
    awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# A free port below the range that the kernel gives to outgoing connections.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        port_is_taken "$port" || break
    done
    printf '%s\n' "$port"
}

# remembered_port NAME: the port that NAME had at its last start, if it is still free; else a new one.
remembered_port() {
    local port='' file=$DATA/ports
    [[ -f $file ]] && port=$(sed -n "s/^$1=//p" "$file")
    if [[ -z $port ]] || { ! is_running "$1" && port_is_taken "$port"; }; then
        port=$(free_port)
        while [[ -f $file ]] && grep -q "=$port\$" "$file"; do port=$(free_port); done
        [[ -f $file ]] && sed -i "/^$1=/d" "$file"
        printf '%s=%s\n' "$1" "$port" >>"$file"
    fi
    printf '%s\n' "$port"
}
