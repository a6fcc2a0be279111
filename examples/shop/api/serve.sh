# Process 1 of a container ignores SIGTERM unless it says what to do about it.
trap 'kill "$server"; exit 0' TERM
httpd -f -p 8000 -h /www &
server=$!
wait "$server"
