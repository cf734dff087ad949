//! What is made once for each key, whoever asks for it first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Slot<V> = Arc<Mutex<Option<V>>>;

/// Values by their keys. Who asks for one that is being made waits for it; what failed is made again.
pub(super) struct Slots<K, V> {
    slots: Mutex<BTreeMap<K, Slot<V>>>,
}

impl<K, V> Default for Slots<K, V> {
    fn default() -> Self {
        Self {
            slots: Mutex::default(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Slots<K, V> {
    /// Returns the value of `key`, which `make` makes where it is not there yet. What `make` does must not ask for a
    /// value of these slots: two that wait for each other would wait for ever.
    pub(super) fn get_or_make<E>(
        &self,
        key: &K,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let slot = Arc::clone(lock(&self.slots).entry(key.clone()).or_default());
        let mut held = lock(&slot);
        if let Some(value) = &*held {
            return Ok(value.clone());
        }
        let value = make()?;
        *held = Some(value.clone());
        Ok(value)
    }

    /// Returns the value of `key` if it is there.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let slot = Arc::clone(lock(&self.slots).get(key)?);
        lock(&slot).clone()
    }

    /// Forgets the value of `key`.
    pub(super) fn forget(&self, key: &K) {
        lock(&self.slots).remove(key);
    }

    /// Forgets all values.
    pub(super) fn clear(&self) {
        lock(&self.slots).clear();
    }

    /// Sets the value of `key`.
    pub(super) fn set(&self, key: &K, value: V) {
        let slot = Arc::new(Mutex::new(Some(value)));
        lock(&self.slots).insert(key.clone(), slot);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
