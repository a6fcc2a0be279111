# Looks at the stock again and again, and logs what it finds.
trap 'echo "worker: stopping"; exit 0' TERM
while :; do
  stock=$(printf 'GET /stock HTTP/1.0\r\nHost: %s\r\n\r\n' "$STORE_HOST" |
    nc -w 5 "$STORE_HOST" "$STORE_PORT" | sed '1,/^\r*$/d')
  echo "worker: ${stock:-no answer} in stock"
  sleep "$PAUSE_SECONDS" &
  wait $!
done
