//! Whose file a journal is: that of a run that goes on, of nobody, or no file any more.

use std::fs::File;

/// Holds the file for as long as it is open in this process; says whether another one holds it already.
///
/// A process that is killed lets go. Where files cannot be held, nobody holds them.
pub fn is_held_by_another(file: &File) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{FlockOperation, flock};
        flock(file, FlockOperation::NonBlockingLockExclusive).is_err_and(|error| error == rustix::io::Errno::WOULDBLOCK)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// Whether nothing names the file any more, so that all that is written to it is lost.
pub fn is_gone(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}
