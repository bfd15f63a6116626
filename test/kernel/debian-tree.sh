# Makes the Debian that the tests of boots start from, unless it is there already: debian-tree.sh FOLDER
# FOLDER/tree is a small Debian with its own ways of loading rules at boot; FOLDER/ufw what installing ufw changes in it.
set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
folder=$1
[ -e "$folder" ] && exit
# Debian lets ufw and netfilter-persistent not be installed side by side, so ufw is a layer of its own.
packages=systemd,systemd-sysv,libpam-systemd,dbus,iptables,nftables,iproute2,netfilter-persistent,iptables-persistent,firewalld,python3
new=$folder.new
rm -rf "$new"
mkdir -p "$new/ufw" "$new/work" "$new/root"
debootstrap --variant=minbase --include=$packages bookworm "$new/tree"
chroot "$new/tree" systemctl --quiet disable netfilter-persistent nftables firewalld
unshare -m sh -es "$new" <<'INSTALL'
cd "$1"
mount -t overlay -o "lowerdir=tree,upperdir=ufw,workdir=work" ufw root
mount -t proc proc root/proc
chroot root sh -ec 'apt-get -qq update; apt-get -qq -y --no-install-recommends install ufw; apt-get clean'
INSTALL
rm -rf "$new/work" "$new/root" "$new/tree/var/cache/apt/archives"
mv "$new" "$folder"
