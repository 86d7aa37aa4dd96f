//! Mail and webhooks: what people and programs are told, kept until it arrived or its time is over.
//!
//! Reading order: [`letters`] say in words what happened, [`desk`] makes a [`letter`] of it for each who wants to know
//! and keeps all of them at once; [`queue`] says what becomes of one after a try. All of that but the desk is pure.
//! The [`driver`] sends what is due, by the [`carrier`] port: [`smtp`] for mail, [`crate::webhook`] for programs.

pub mod address;
pub mod carrier;
pub mod config;
pub mod desk;
pub mod driver;
pub mod letter;
pub mod letters;
pub mod overrides;
mod pick;
pub mod queue;
pub mod report;
pub mod smtp;
