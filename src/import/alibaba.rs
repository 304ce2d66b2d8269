//! GPU models as Alibaba's traces call them.

/// The scenario's id of a model: the catalog's where it has the type, else the dataset's word (`V100M32`, `G2`).
#[must_use]
pub fn gpu_id(model: &str) -> &str {
    match model {
        "P100" => "p100",
        "T4" => "t4",
        "V100" => "v100",
        "A10" => "a10",
        other => other,
    }
}

/// The ids of models joined by `|`, each once.
#[must_use]
pub fn gpu_ids(models: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in models.split('|').map(str::trim).filter(|model| !model.is_empty()).map(gpu_id) {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}
