use super::all;

#[test]
fn programs_of_javascript() {
    all(&[
        (
            "node -e \"require('http').get('http://localhost:3000/health', r => process.exit(r.statusCode===200?0:1))\"",
            "3000 /health 200",
        ),
        (
            "node -e \"fetch('http://localhost/h').then(r=>{if(!r.ok)process.exit(1)})\"",
            "80 /h 200-399",
        ),
        (
            "node -e \"fetch('http://localhost/h').then(r=>process.exit(r.ok?0:1)).catch(()=>process.exit(1))\"",
            "80 /h 200-399",
        ),
        (
            "node -e \"const o={host:'localhost',port:3000,path:'/h',timeout:2000};require('http').request(o,r=>process.exit(r.statusCode==200?0:1)).end()\"",
            "3000 /h 200",
        ),
        (
            "node -e \"require('http').get({port:8080,path:'/h'},r=>process.exit(r.statusCode<400?0:1))\"",
            "8080 /h 200-399",
        ),
        (
            "node -e \"require('http').get('http://localhost:'+(process.env.PORT||4000)+'/h',r=>{process.exit(r.statusCode!==200)})\"",
            "3000 /h 200",
        ),
        (
            "node -e 'const p = process.env.NONE || 4000; fetch(`http://localhost:${p}/h`).then(r => { if (r.status >= 400) throw 1 })'",
            "4000 /h 200-399",
        ),
        ("bun -e \"await fetch('http://localhost/h')\"", "80 /h 200-499"),
        (
            "deno eval \"const r = await fetch('http://localhost/h'); Deno.exit(r.ok ? 0 : 1)\"",
            "80 /h 200-399",
        ),
    ]);
}

#[test]
fn programs_of_other_languages() {
    all(&[
        (
            "python -c \"import urllib.request; urllib.request.urlopen('http://localhost:8000/health')\"",
            "8000 /health 200-399",
        ),
        (
            "python3 -c \"import requests; requests.get('http://localhost:8000/h').raise_for_status()\"",
            "8000 /h 200-399",
        ),
        (
            "python3 -c \"import httpx,sys; sys.exit(0 if httpx.get('http://localhost:8000/h').status_code == 200 else 1)\"",
            "8000 /h 200,300-399",
        ),
        (
            "python3 -c \"import requests; assert requests.get('http://localhost/h').status_code in (200, 302)\"",
            "80 /h 200,302",
        ),
        (
            "python -c \"import os,urllib.request as u; u.urlopen(f'http://localhost:{os.environ.get(\\\"PORT\\\", 8000)}/h')\"",
            "3000 /h 200-399",
        ),
        (
            "python3 -c \"import http.client; c=http.client.HTTPConnection('localhost', 8000); c.request('GET','/health'); exit(c.getresponse().status != 200)\"",
            "8000 /health 200",
        ),
        ("php -r \"exit(file_get_contents('http://localhost/h') ? 0 : 1);\"", "80 /h 200-399"),
        ("ruby -rnet/http -e \"Net::HTTP.get(URI('http://localhost:3000/h'))\"", "3000 /h 200-499"),
        (
            "ruby -rnet/http -e \"exit Net::HTTP.get_response(URI('http://localhost/h')).is_a?(Net::HTTPSuccess)\"",
            "80 /h 200-399",
        ),
        (
            "ruby -rnet/http -e \"exit(Net::HTTP.get_response('localhost', '/h', 3000).code == '200')\"",
            "3000 /h 200",
        ),
        ("perl -MLWP::Simple -e \"exit(!get('http://localhost/h'))\"", "80 /h 200-399"),
        (
            "pwsh -Command \"if ((iwr http://localhost/h -UseBasicParsing).StatusCode -eq 200) { exit 0 } else { exit 1 }\"",
            "80 /h 200,300-399",
        ),
        (
            "powershell -Command \"try { Invoke-WebRequest -Uri http://localhost/h } catch { exit 1 }\"",
            "80 /h 200-399",
        ),
        ("python -c \"import socket; socket.create_connection(('localhost', 8000))\"", "none"),
        ("node healthcheck.js", "none"),
    ]);
}

#[test]
fn checks_as_people_write_them() {
    all(&[
        (
            "node --eval \"const r = await fetch('http://localhost:5678/healthz'); if(r.status === 200 || r.status === 201) { process.exit(0); } else { process.exit(1); };\"",
            "5678 /healthz 200-201,300-399",
        ),
        (
            "node -e \"require('http').get('http://localhost:3000/h', (res) => { if (res.statusCode !== 200) throw new Error() })\"",
            "3000 /h 200",
        ),
        (
            "node -e \"const http=require('http');const options={hostname:'localhost',port:3000,path:'/h',method:'GET'};const req=http.request(options,(res)=>{process.exit(res.statusCode===200?0:1)});req.on('error',()=>process.exit(1));req.end()\"",
            "3000 /h 200",
        ),
        (
            "python -c \"import requests; r = requests.get('http://localhost:8000/h'); exit(0 if r.status_code == 200 else 1)\"",
            "8000 /h 200,300-399",
        ),
        (
            "python -c \"import urllib.request,sys; sys.exit(0 if urllib.request.urlopen('http://localhost:8000/h').getcode() == 200 else 1)\"",
            "8000 /h 200,300-399",
        ),
        (
            "python -c 'import http.client; conn = http.client.HTTPConnection(\"localhost:8000\"); conn.request(\"GET\", \"/h\"); r = conn.getresponse(); assert r.status == 200'",
            "8000 /h 200",
        ),
        (
            "ruby -e \"require 'net/http'; exit(Net::HTTP.get_response(URI('http://localhost:3000/up')).code == '200' ? 0 : 1)\"",
            "3000 /up 200",
        ),
        (
            "php -r \"exit(json_decode(file_get_contents('http://localhost/v1/health'))->status === 'ok' ? 0 : 1);\"",
            "80 /v1/health 200-399",
        ),
        (
            "bun -e \"fetch('http://localhost:3000').then(r => { if (!r.ok) process.exit(1) }).catch(() => process.exit(1))\"",
            "3000 / 200-399",
        ),
        ("curl -f http://localhost:8080/h || kill 1", "8080 /h 200-399"),
        (
            "curl -f http://localhost:8080/h || bash -c 'kill -s 15 -1 && (sleep 10; kill -s 9 -1)'",
            "8080 /h 200-399",
        ),
        ("curl --fail http://localhost:5000/ping || (echo fail; exit 1)", "5000 /ping 200-399"),
        (
            "[[ \"$(curl -s -o /dev/null -w \"%{http_code}\" http://localhost:8080)\" == \"200\" ]] || exit 1",
            "8080 / 200",
        ),
        (
            "test \"$(curl -s -o /dev/null -w '%{http_code}' http://localhost:8080)\" -eq 200 || exit 1",
            "8080 / 200",
        ),
        (
            "curl --silent --fail localhost:8080/actuator/health | grep UP || exit 1",
            "8080 /actuator/health 200-399",
        ),
        ("pg_isready && curl http://localhost/h --fail --max-time 5", "80 /h 200-399"),
        (
            "curl -s http://localhost:9200/_cluster/health | grep -vq '\"status\":\"red\"'",
            "9200 /_cluster/health 200-399",
        ),
    ]);
}
