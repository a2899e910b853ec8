#!/usr/bin/env bash
# Deploy a package that `make package` built: deploy.sh TEMPLATE STACK BUCKET [NAME=VALUE ...]
# Run again to update; nothing is done twice. The local cloud is deployed to by this very script.
#   make package && infra/deploy.sh build/prod/template.json labivaraus my-packages AlarmEmail=host@example.org
set -euo pipefail

if [ $# -lt 3 ]; then
    echo "usage: deploy.sh TEMPLATE STACK BUCKET [NAME=VALUE ...]" >&2
    exit 2
fi
template=$1 stack=$2 bucket=$3
shift 3
export AWS_PAGER=""
work=$(mktemp -d) # readable by its owner alone
trap 'rm -rf "$work"' EXIT
packaged=$work/template.json

aws s3api head-bucket --bucket "$bucket" >/dev/null 2>&1 || aws s3 mb "s3://$bucket" >/dev/null

# The first key that links, codes, forms and cursors are signed with. CloudFormation cannot make a
# SecureString, and keys must never change by a deployment: made once, before the functions that read it,
# and from then on the affair of infra/rotate_key.py.
key_name="/$stack/signing-key"
if ! aws ssm get-parameter --name "$key_name" >/dev/null 2>&1; then
    key=$(head -c 32 /dev/urandom | base64 | tr -d '\n')
    # In a file: a command's arguments can be read by everybody on this machine.
    ring=$(printf '{\\"current\\": \\"1\\", \\"keys\\": {\\"1\\": \\"%s\\"}}' "$key")
    printf '{"Name": "%s", "Type": "SecureString", "Value": "%s"}' "$key_name" "$ring" >"$work/key.json"
    aws ssm put-parameter --cli-input-json "file://$work/key.json" >/dev/null
fi

aws cloudformation package --template-file "$template" --s3-bucket "$bucket" \
    --use-json --output-template-file "$packaged" >/dev/null
# It takes a template of a megabyte, and the command above makes half of it indentation.
python3 -c 'import json, sys
path = sys.argv[1]
template = json.load(open(path, encoding="utf-8"))
json.dump(template, open(path, "w", encoding="utf-8"), separators=(",", ":"))' "$packaged"
aws cloudformation deploy --template-file "$packaged" --stack-name "$stack" --s3-bucket "$bucket" \
    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
    ${1:+--parameter-overrides "$@"} >/dev/null
aws cloudformation describe-stacks --stack-name "$stack" \
    --query "Stacks[0].Outputs[?OutputKey=='EndpointURL'].OutputValue" --output text
