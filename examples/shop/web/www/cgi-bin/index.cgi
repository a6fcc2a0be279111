#!/bin/sh
# The page: made here, with text that the api gave under its Compose name.
text=$(printf 'GET /cgi-bin/greeting HTTP/1.0\r\nHost: %s\r\n\r\n' "$API_HOST" |
  nc -w 5 "$API_HOST" "$API_PORT" | sed '1,/^\r*$/d')
if [ -z "$text" ]; then
  printf 'Status: 502 Bad Gateway\r\nContent-Type: text/plain\r\n\r\nthe api did not answer\n'
  exit 0
fi
printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
cat <<PAGE
<!doctype html>
<title>shop</title>
<h1>The shop</h1>
<p>The api says:</p>
<blockquote>$text</blockquote>
PAGE
