//! Sessions, second factors and the audit log.

use super::{Subject, place, site};
use crate::store::accounts::{Account, Credential, CredentialKind, Role, Scope};
use crate::store::audit::{Act, ActFilter};
use crate::store::factors::SecondFactor;
use crate::store::presence::Look;
use crate::store::sessions::{Given, Session};
use crate::store::upkeep::Class;
use crate::store::{Accounts as _, Audit as _, Days as _, Factors as _, Sessions as _, Sites as _, Upkeep as _};

fn session(id: u8, account: &str, created_ms: i64) -> Session {
    Session {
        id: [id; 16],
        account: account.to_owned(),
        label: "a browser".to_owned(),
        created_ms,
        expires_ms: created_ms + 100,
        used_ms: created_ms,
        proved_ms: None,
        current: [id; 32],
        next: None,
        former: None,
        revision: 0,
    }
}

fn factor(account: &str) -> SecondFactor {
    SecondFactor {
        account: account.to_owned(),
        secret: b"a secret of twenty b".to_vec(),
        is_confirmed: false,
        last_step: 0,
        recovery: Vec::new(),
        revision: 0,
    }
}

pub(super) async fn a_removed_account_takes_everything_with_it(subject: &impl Subject) {
    let store = subject.open();
    store.add_site(&place("a")).await.unwrap();
    for name in ["ann", "zoe"] {
        let account = Account {
            name: name.to_owned(),
            password_hash: String::new(),
            role: Role::Owner,
            created_ms: 1,
            person: None,
            email: None,
        };
        store.put_account(&account).await.unwrap();
        let id = name.as_bytes()[0];
        store.add_session(&session(id, name, 1)).await.unwrap();
        store.put_factor(&SecondFactor { is_confirmed: true, ..factor(name) }).await.unwrap();
        let token = Credential {
            secret_sha256: [id; 32],
            kind: CredentialKind::Token,
            account: name.to_owned(),
            label: String::new(),
            role: Role::Owner,
            created_ms: 1,
            expires_ms: 9,
            scope: Scope { sites: [site("a")].into(), ..Scope::default() },
            used_ms: None,
        };
        store.add_credential(&token).await.unwrap();
    }

    assert!(store.remove_account("zoe").await.unwrap());
    assert!(!store.remove_account("zoe").await.unwrap());

    assert!(store.sessions(Some("zoe")).await.unwrap().is_empty());
    assert_eq!(store.sessions(None).await.unwrap().len(), 1);
    assert_eq!(store.proven_accounts().await.unwrap(), ["ann"]);
    let tokens = store.credentials(CredentialKind::Token).await.unwrap();
    assert_eq!(tokens.iter().map(|token| token.account.as_str()).collect::<Vec<_>>(), ["ann"]);
}

pub(super) async fn a_session_changes_only_from_what_it_was(subject: &impl Subject) {
    let store = subject.open();
    let (first, second) = (session(1, "ann", 5), session(2, "ann", 7));
    store.add_session(&first).await.unwrap();
    store.add_session(&second).await.unwrap();
    let given = |secret| Some(Given { secret_sha256: [secret; 32], since_ms: 9 });
    let changed = Session {
        used_ms: 9,
        proved_ms: Some(8),
        current: [7; 32],
        next: given(8),
        former: given(1),
        revision: 1,
        ..first.clone()
    };

    assert!(store.change_session(&changed).await.unwrap());
    assert!(!store.change_session(&changed).await.unwrap(), "it was changed meanwhile");

    let store = subject.reopen(store).await;
    assert_eq!(store.session([1; 16]).await.unwrap(), Some(changed.clone()));
    assert_eq!(store.sessions(Some("ann")).await.unwrap(), [second.clone(), changed]);
    store.remove_sessions("ann", Some([2; 16])).await.unwrap();
    assert_eq!(store.sessions(None).await.unwrap(), std::slice::from_ref(&second));
    assert!(store.remove_session([2; 16]).await.unwrap());
    assert!(!store.change_session(&Session { revision: 1, ..second }).await.unwrap());
    store.add_session(&first).await.unwrap();
    store.remove_expired(105).await.unwrap();
    assert!(store.sessions(None).await.unwrap().is_empty());
}

pub(super) async fn a_second_factor_changes_only_from_what_it_was(subject: &impl Subject) {
    let store = subject.open();
    store.put_factor(&factor("ann")).await.unwrap();
    assert!(store.proven_accounts().await.unwrap().is_empty());
    let spent = SecondFactor {
        is_confirmed: true,
        last_step: 7,
        recovery: vec![[1; 32], [2; 32]],
        revision: 1,
        ..factor("ann")
    };

    assert!(store.change_factor(&spent).await.unwrap());
    assert!(!store.change_factor(&spent).await.unwrap(), "it was changed meanwhile");

    let store = subject.reopen(store).await;
    assert_eq!(store.factor("ann").await.unwrap(), Some(spent));
    assert_eq!(store.factor("zoe").await.unwrap(), None);
    assert!(store.remove_factor("ann").await.unwrap());
    assert!(!store.remove_factor("ann").await.unwrap());
}

pub(super) async fn acts_and_looks_are_one_log(subject: &impl Subject) {
    let store = subject.open();
    let act = |at_ms, operation: &str, account: &str| Act {
        at_ms,
        account: account.to_owned(),
        via: "session".to_owned(),
        address: "192.0.2.1".to_owned(),
        operation: operation.to_owned(),
        subject: "metz".to_owned(),
        status: 201,
    };
    for one in [act(5, "sites_create", "ann"), act(9, "sites_revoke", "zoe"), act(9, "sites_remove", "ann")] {
        store.note_act(&one).await.unwrap();
    }
    for at_ms in [3, 9] {
        let (account, person, what) = ("zoe".to_owned(), "ama".to_owned(), "day".to_owned());
        store.note_look(&Look { at_ms, account, person, what }).await.unwrap();
    }

    let store = subject.reopen(store).await;
    let all = store.acts(&ActFilter::default(), None, 99).await.unwrap();
    let words: Vec<&str> = all.iter().map(|(_, act)| act.operation.as_str()).collect();
    assert_eq!(words, ["look_day", "sites_remove", "sites_revoke", "sites_create", "look_day"]);
    assert_eq!(all[3].1, act(5, "sites_create", "ann"));
    assert_eq!((all[0].1.subject.as_str(), all[0].1.account.as_str()), ("ama", "zoe"));
    for (number, (place, _)) in all.iter().enumerate() {
        let rest = store.acts(&ActFilter::default(), Some(*place), 1).await.unwrap();
        assert_eq!(rest.first(), all.get(number + 1));
    }
    let count = async |filter: ActFilter| store.acts(&filter, None, 99).await.unwrap().len();
    assert_eq!(count(ActFilter { account: Some("ann".to_owned()), ..ActFilter::default() }).await, 2);
    assert_eq!(count(ActFilter { operation: Some("look_day".to_owned()), ..ActFilter::default() }).await, 2);
    assert_eq!(count(ActFilter { from_ms: Some(5), to_ms: Some(9), ..ActFilter::default() }).await, 1);
    assert_eq!(store.forget(Class::Acts, 9, 9).await.unwrap(), 1);
    assert_eq!(count(ActFilter::default()).await, 4);
}
