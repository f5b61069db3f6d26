# Runs beside the demo and ends what it leaves behind should it be killed. Its stdin closes when the demo is gone, however
# that came. $1 is the demo's folder, where each process has left its number.
trap '' HUP INT TERM
cat >/dev/null
[ -d "$1" ] || exit 0
for file in "$1"/bin/*.pid; do
	read -r pid <"$file" && kill -KILL "$pid"
done
for _ in 1 2 3 4 5; do
	rm -rf "$1" && exit 0
	sleep 0.2
done
