# answer.pl FOLDER MARKER: stands where `sh -s` would and gives the recorded reply of the address that was called.
# Written as a real shell writes it, frame by frame: a reply in one piece would cost the client far less.
use strict;
use warnings;

my ($folder, $place) = @ARGV;
my $address = (split ' ', $ENV{SSH_CONNECTION})[2];
open my $count, '>>', "$folder/commands" or die "commands: $!\n";
syswrite $count, "$address\n" or die "cannot count: $!\n";
die "only `sh -s` is expected\n" unless ($ENV{SSH_ORIGINAL_COMMAND} // '') eq 'sh -s';
my $script = do { local $/; <STDIN> };
my ($marker) = $script =~ /^marker=(\S+)$/m or die "the script names no marker\n";
if (-p "$folder/gate") {
    open my $gate, '<', "$folder/gate" or die "gate: $!\n";
    sysread $gate, my $pass, 1;
}
open my $file, '<:raw', "$folder/replies/$address" or die "$address: $!\n";
my $waiting = '';

sub flush {
    syswrite STDOUT, $waiting or die "cannot write: $!\n";
    $waiting = '';
    select undef, undef, undef, 0.0015;
}

# A begin is seen before its payload, a payload leaves in blocks when the program behind it ends, and the end of one
# part goes with the begin of the next.
while (my $line = <$file>) {
    my $ends = $line =~ s/^\Q$place\E end /$marker end /;
    my $begins = $line =~ s/^\Q$place\E begin /$marker begin /;
    $line =~ s/^\Q$place\E done /$marker done /;
    flush() if $ends && $waiting;
    $waiting .= $line;
    flush() if $begins || length $waiting >= 4096;
}
flush() if $waiting;
