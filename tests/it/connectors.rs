//! The twelve ways in which HR systems go wrong, each for every mapping that comes with the hub and that it touches:
//! the real driver and the real HTTP against the nasty HR server.

mod answers;
mod batches;
mod desk;
mod elsewhere;
mod logins;
mod lost;
mod order;
mod pace;
mod people;
mod travel;
