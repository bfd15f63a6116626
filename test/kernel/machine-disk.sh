# Lays the disk of a machine out and keeps it until standard input closes: machine-disk.sh FOLDER LOWER...
# All that the machine writes stays in memory, under FOLDER, in this process's own mount namespace.
set -e
folder=$1
mount -t tmpfs -o mode=755 disk "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/$(basename "$folder")"
mount -t overlay -o "lowerdir=$2,upperdir=$folder/upper,workdir=$folder/work" disk "$folder/$(basename "$folder")"
echo ready
cat
