# The first process of a lab: makes the namespace look like a small server called web1, then lives until its standard input closes.
set -e
echo web1 > /proc/sys/kernel/hostname

# Whatever the tests write to these stays in memory and goes with the lab.
mount -t tmpfs -o mode=755 lab /run
for folder in etc var root; do
  mkdir -p /run/.lab/$folder/upper /run/.lab/$folder/work
  mount -t overlay -o "lowerdir=/$folder,upperdir=/run/.lab/$folder/upper,workdir=/run/.lab/$folder/work" lab /$folder
done
mkdir -m 1777 /run/lock
mount -t tmpfs -o mode=755 lab /var/log

# One Ethernet device with an own IPv4 and IPv6 address. What leaves through it arrives nowhere.
ip -batch - <<COMMANDS
link set lo up
link add eth0 address 02:00:00:00:00:10 type veth peer name wire
link set wire addrgenmode none up
link set eth0 addrgenmode none multicast off up
addr add 192.0.2.10/24 dev eth0
addr add fd00::10/64 dev eth0 nodad
neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev eth0
route add default via 192.0.2.1
COMMANDS

echo ready
# The shell stays the parent: as process 1 it has to reap what the tests leave behind.
cat
exit
