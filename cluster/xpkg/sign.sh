#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
#
# SPDX-License-Identifier: Apache-2.0

# Signs the packages that "make xpkg-push" has pushed, and attests their bills of
# materials, with cosign. It reads what that has printed, and asks nothing: without a key,
# cosign signs as the identity of the workflow that it runs in.

set -euo pipefail

folder=${1:-_output/xpkg}
package=

while read -r line; do
	case $line in
	*@sha256:*)
		package=${line%@*}
		echo "Signing $line"
		cosign sign --yes --recursive "$line"
		;;
	linux/*": sha256:"*)
		platform=${line%%:*}
		digest=${line#*: }
		digest=${digest%%,*}
		bill=$folder/${package##*/}/sbom-${platform#linux/}.cdx.json
		echo "Attesting $bill of $package@$digest"
		cosign attest --yes --type cyclonedx --predicate "$bill" "$package@$digest"
		;;
	esac
done

if [[ -z $package ]]; then
	echo "Nothing was pushed: give what \"make xpkg-push\" has printed to the standard input" >&2
	exit 1
fi
