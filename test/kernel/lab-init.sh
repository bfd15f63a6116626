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
mount -t tmpfs -o mode=1777 lab /dev/shm
# The tester's own cases are nothing to a test.
rm -rf /var/lib/lo-doctor

# It knows its own name and asks no name server: rsyslogd would wait for one that never answers.
rm -f /etc/resolv.conf /etc/hosts
touch /etc/resolv.conf
cat > /etc/hosts <<HOSTS
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
127.0.1.1 web1
HOSTS

# One Ethernet device with an own IPv4 and IPv6 address; what leaves through it arrives nowhere. Without ARP no IPv6 group is joined
# for it, which would be announced by packets that no test asked for.
ip -batch - <<COMMANDS
link set lo up
link add eth0 address 02:00:00:00:00:10 type veth peer name wire
link set wire addrgenmode none up
link set eth0 addrgenmode none arp off up
addr add 192.0.2.10/24 dev eth0
addr add fd00::10/64 dev eth0 nodad
route add default via 192.0.2.1
COMMANDS

echo ready
# The shell stays the parent: as process 1 it has to reap what the tests leave behind.
cat
exit
