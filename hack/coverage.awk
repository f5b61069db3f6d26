# coverage.awk PROFILE: the coverage of each package, in statements. Several test binaries cover the same block; it counts once.
FNR > 1 {
	covered[$1] = covered[$1] || $3 > 0
	statements[$1] = $2
}
END {
	for (block in statements) {
		package = block
		sub(/\/[^\/]*$/, "", package)
		sub(/^github.com\/sts-operator\/sts-operator\//, "", package)
		total[package] += statements[block]
		hit[package] += covered[block] ? statements[block] : 0
	}
	for (package in total) {
		printf "%6.1f %%  %s\n", 100 * hit[package] / total[package], package | "sort -k3"
	}
}
