#!/usr/bin/env bash
# Lets sqlmap look for SQL injection in every parameter of typical requests to the shop: values,
# names, operators, headers, bodies and paths. Run by hand (Debian's package sqlmap, and curl); it
# takes a quarter of an hour and fails on any finding, and on any 5xx.
#
#     bash mainstay/tests/attack/sqlmap.sh [BINARY] [SQLMAP-OPTION...]
#
# BINARY is target/release/mainstay unless it is given.
set -euo pipefail
cd "$(dirname "$0")/../../.."

readonly binary=${1:-target/release/mainstay}
shift || true
home=$(mktemp -d)
"$binary" serve examples/shop --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --data "$home/data" \
    >"$home/server.log" 2>&1 &
readonly server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$home"' EXIT

for _ in $(seq 100); do
    address=$(sed -n '/server.listening/s/.*"address":"\([^"]*\)".*/\1/p' "$home/server.log")
    [[ -n $address ]] && break
    sleep 0.1
done
readonly base="http://$address/rest/v1"
key=$(sed -n 's/.*"service_role" *: *"\([^"]*\)".*/\1/p' "$home/data/keys.json")

failed=()

# One request, its places marked by `*`: a name, method, path and query, the body, more headers.
attack() {
    local name=$1 method=$2 target=$3 data=$4 said="$home/$1.txt"
    local -a headers=("apikey: $key" "${@:5}") plain=() marked=(--method "$method" -u "$base/$target")
    local header status clean tested verdict='not injectable'
    for header in "${headers[@]}"; do plain+=(--header "${header//[*]/}"); done
    [[ -n $data ]] && plain+=(--data "${data//[*]/}") && marked+=(--data "$data")
    # What is refused as it stands would prove nothing about the places in it.
    status=$(curl --silent --globoff --output "$said" --write-out '%{http_code}' \
        --request "$method" "${plain[@]}" "$base/${target//[*]/}")
    if [[ $status != 20? ]]; then
        echo "$name is no request that is answered: $status $(cat "$said")"
        failed+=("$name")
        return
    fi
    sqlmap --batch --flush-session --fresh-queries --disable-coloring --output-dir "$home/sqlmap" \
        --level 3 --risk 2 --timeout 30 --retries 0 "${marked[@]}" \
        --headers "$(printf '%s\n' "${headers[@]}")" "${more[@]}" >"$said" 2>&1 || true
    clean=$(grep -c 'all tested parameters do not appear to be injectable' "$said" || true)
    tested=$(grep -c 'does not seem to be injectable' "$said" || true)
    if ((clean != 1 || tested == 0)) || grep -Eq 'injection point|is vulnerable' "$said"; then
        verdict='LOOK AT THIS'
        failed+=("$name")
        tail -n 40 "$said"
    fi
    printf '%-20s %3d places, %s\n' "$name" "$tested" "$verdict"
}

all() {
    local product=01943aa0-bc01-7002-8000-000000000001
    local json='Content-Type: application/json' rows='Prefer: return=representation*'
    attack filter GET 'products?select=id,name&sku*=eq*.KI-0001*' ''
    attack in-list GET 'products?select=sku&sku=in.(KI-0001*,%22KI-0002*%22)&status=neq.draft*' ''
    attack or-tree GET \
        'products?select=sku&or=(stock.lt.5*,and(price.gt.100*,name*.eq.Kettle*))' ''
    attack embed-order-limit GET \
        'products?select=sku*,c:categories*(name*)&order=name*.desc*&limit=3*&offset=1*&c.name=eq.Table*' ''
    attack like GET \
        'products?select=sku&name=like.%25ettle*%25&description=imatch.plain*' ''
    attack search GET \
        'products?select=sku&name=fts*.kettle*&description=wfts(english*).large*' ''
    attack json-path GET \
        'products?select=sku,details-%3E%3Ecolour*&details-%3E%3Ecolour*=eq.grey*' ''
    attack function-by-get GET 'rpc/price_range*?slug*=kitchen*' ''
    attack function-by-post POST 'rpc/restock*' '{"sku*":"KI-0001*","amount":1*}' "$json" "$rows"
    attack change PATCH "products*?id=eq.$product*&select=sku*&columns=name*,details" \
        '{"name*":"Kettle*","details":{"colour*":"red*"}}' "$json" "$rows" 'Content-Profile: catalog*'
    attack headers GET 'products?select=sku' '' \
        'Range: 0-9*' 'Prefer: count=exact*' 'Accept-Profile: catalog*' 'Accept: text/csv*'
}

for dbms in sqlite any; do
    echo "== as $dbms"
    more=("$@")
    if [[ $dbms == sqlite ]]; then more+=(--dbms=sqlite); fi
    all
done

requests=$(grep -c '"status":' "$home/server.log" || true)
faults=$(grep -Ec '"status":5[0-9][0-9]|"level":"error"' "$home/server.log" || true)
echo "requests that the server logged: $requests; faults among them: $faults"
if ((faults > 0)); then
    grep -E '"status":5[0-9][0-9]|"level":"error"' "$home/server.log" | head -n 20
    failed+=("faults of the server")
fi
if ((${#failed[@]} > 0)); then
    printf 'FAILED: %s\n' "${failed[@]}"
    exit 1
fi
echo 'nothing found'
