//! Everything below the cache folder, shared by many processes, and the only maker of [`VerifiedFile`].
//!
//! What is kept is of a [`Kind`] and has a [`Key`]; where that is on the disk, `layout` alone knows. Everything is written
//! as a draft and appears at its place by one rename; nothing in place is ever changed. How much of it is trusted is one
//! rule (`trust`). What a dead process left half written goes when no other is there (`presence`, `leftovers`); who fetches
//! a file, of all processes that want it, is the matter of a [`Claim`].
//!
//! Archives, addresses and what proves directories are blobs, which any `backend` can keep. Unpacked wheels, packs and
//! answers of interpreters are used in place, by those who were given a [`PrivateCache`]. A hit of an archive costs six
//! system calls.

mod address;
mod backend;
mod blob;
mod built;
mod cache;
mod checkouts;
mod claim;
mod directory;
mod disk;
mod draft;
mod error;
pub(crate) mod fuzz;
mod interpreters;
mod inventory;
mod layout;
mod leftovers;
mod locked;
mod memory;
mod packs;
mod presence;
mod proof;
mod prune;
mod record;
mod requirements;
mod tree_proof;
mod trust;
mod upkeep;
mod usage;
mod verified;
mod verify;
mod warnings;
pub(crate) mod wheels;
mod work_folder;
mod writer;

#[cfg(test)]
mod same_for_all_backends;

pub use address::Address;
pub(crate) use built::BuiltRecord;
pub use cache::{Cache, Trust};
pub use claim::{Claim, Claiming, Mark};
pub use error::{Error, Mismatch};
pub(crate) use interpreters::Answers;
pub use inventory::{CachePart, PartSize, PartSizes, sizes};
pub(crate) use layout::StorePlace;
pub use layout::{Key, Kind};
pub use leftovers::tidy;
pub(crate) use packs::{Pack, PackEntry, PackWriter, Slot};
pub use prune::{PruneRules, Pruned, prune};
pub use trust::PrivateCache;
pub use upkeep::{Removed, Size, clear, has_cache, size, size_of};
pub use verified::VerifiedFile;
pub use wheels::{KeptForm, KeptWheel, LinkMode, verify_wheels_of};
pub use work_folder::{WorkFolder, tidy_temporary};
pub use writer::Writer;
