//! Updates: another version of the owner's software or of the agent itself, verified, and undone if it does not work.
//!
//! [`trust`] says whose packages are taken, [`archive`] unpacks them. [`machine`] is the pure
//! order of an installation, [`place`] its folder on the disk, [`install`] does one after the other; [`health`] asks
//! whether the software works. [`own`] hands the agent's new version to the part that runs as root, and [`trial`] proves
//! that it works; [`alone`] is for an agent without a package. [`settings`] is what the owner declares, [`declared`] makes
//! an installer of it.

pub mod alone;
pub mod archive;
pub mod declared;
pub mod health;
pub mod install;
pub mod machine;
pub mod own;
pub mod place;
pub mod settings;
pub mod trial;
pub mod trust;
