# Process 1 of a container ignores SIGTERM unless it says what to do about it.
trap 'kill "$server"; exit 0' TERM
httpd -f -p 80 -h /www &
server=$!
wait "$server"
