/**
 * Makes the world that the child lives in, with `unshare`, `mount`, `pivot_root` and `setpriv` of
 * util-linux: namespaces of its own for users, network (without an interface), mounts, processes,
 * messages and host name, and a root folder that holds the system's programs and libraries and the
 * places named before `--`, all read-only, and nothing else: no /etc, no /dev, no /proc, no socket
 * of another server. The command behind `--` takes the shell's place. Works for root, and for
 * others where the system lets them make user namespaces.
 */
const SCRIPT = `
set -e
# any folder that is on every Linux and that nobody in here needs
mount -t tmpfs -o size=1m,mode=755 sandbox /sys
cd /sys
show() {
  # with its folder, or with the system's programs
  if [ -e ".$1" ]; then return; fi
  if [ -d "$1" ]; then mkdir -p ".$1"; else mkdir -p ".\${1%/*}"; : > ".$1"; fi
  mount -o bind,ro,nosuid,nodev "$1" ".$1" 2> /dev/null || show_with_mounts "$1"
}
# what has other mounts in it comes only with them; flags that a mount has already can only be kept, which a remount does
show_with_mounts() {
  mount --rbind "$1" ".$1"
  while read -r _ _ _ _ point _; do
    point=$(printf '%b' "$point")
    case "$point" in "/sys$1" | "/sys$1"/*) mount -o remount,bind,ro "$point";; esac
  done < /proc/self/mountinfo
}
links=
for folder in bin sbin lib lib32 lib64 libx32; do
  if [ -h "/$folder" ]; then links="$links /usr/$folder"; elif [ -d "/$folder" ]; then show "/$folder"; fi
done
[ -z "$links" ] || ln -s $links .
show /usr
while [ "$1" != -- ]; do show "$1"; shift; done
shift
# umount reads the list of mounts; the link leads nowhere afterwards
mkdir old
ln -s old/proc proc
mount -o remount,bind,ro,nosuid,nodev /sys
pivot_root . old
umount -l -c -n /old
cd /
exec "$@"`;

export const ENTER = [
  'setpriv',
  '--pdeathsig=KILL',
  '--',
  'unshare',
  '--user',
  '--map-root-user',
  '--net',
  '--mount',
  '--ipc',
  '--uts',
  '--pid',
  '--fork',
  '--kill-child',
  '--',
  'sh',
  '-c',
  SCRIPT,
  'sandbox',
];
