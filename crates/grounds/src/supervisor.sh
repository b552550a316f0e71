# Starts and reaps one server at the word of its standard input; when that ends, ends the server and removes its folder.
# $1: the folder. $2: the signal that ends the server for good. The rest: the command that runs it in the foreground.
folder=$1
goodbye=$2
shift 2
server=
# The kernel hangs up on a group with stopped processes when the test process is gone.
trap '' HUP
while read -r word; do
  case $word in
    start)
      "$@" </dev/null >>"$folder/log" 2>&1 &
      server=$!
      echo "$server"
      ;;
    reap)
      wait "$server" 2>/dev/null
      server=
      echo reaped
      ;;
  esac
done
if [ -n "$server" ]; then
  # Whoever is paused would not hear.
  kill -CONT "$server" $(cat "/proc/$server/task/$server/children") 2>/dev/null
  kill "-$goodbye" "$server" 2>/dev/null
  wait "$server" 2>/dev/null
elif [ -f "$folder/data/postmaster.pid" ]; then
  # A PostgreSQL that was killed leaves the segment that is its lock.
  ipcrm -m "$(sed -n '7s/.* //p' "$folder/data/postmaster.pid")" 2>/dev/null
fi
rm -rf "$folder" || rm -rf "$folder"
