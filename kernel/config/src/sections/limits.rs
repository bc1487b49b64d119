//! How often one may ask.

use super::at_least_one;

crate::section! {
    /// How often one may ask, in a fixed window of a minute.
    pub struct Limits as "limits" {
        /// Requests of one caller who is signed in.
        #[runtime] #[check(at_least_one)]
        signed_in: u32 = 6000,
        /// Requests of one network (/32, and /64 in IPv6) without a credential.
        #[runtime] #[check(at_least_one)]
        anonymous: u32 = 600,
        /// Sign-ins, resets and everything that sends mail, of one account and network.
        #[runtime] #[check(at_least_one)]
        sign_in: u32 = 10,
        /// Refreshes of one session.
        #[runtime] #[check(at_least_one)]
        refresh: u32 = 120,
        /// Requests of one network with one publishable key.
        #[runtime] #[check(at_least_one)]
        published: u32 = 300,
    }
}
