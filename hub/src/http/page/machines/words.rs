//! The words of one machine's page.

use crate::http::page::words::words;

words! {
    title: "Machines" = "Machines";
    reach: "Lecture" = "Reading";
    reach_read: "lue" = "read";
    reach_no_ssh: "pas de session à distance (SSH)" = "no remote login (SSH)";
    reach_refused: "elle refuse la clé et le mot de passe" = "it refuses key and password";
    reach_shut: "elle ferme la connexion" = "it closes the connection";
    reach_unpinned: "sa clé n’est pas encore approuvée" = "its key is not approved yet";
    reach_other_key: "elle montre une autre clé que la sienne" = "it shows another key than its own";
    reach_silent: "pas de réponse" = "no answer";
    reach_failed: "échec" = "failed";
    first_met: "Vue d’abord" = "First met";
    was_read: "Lue" = "Read";
    serial: "Numéro de série" = "Serial number";
    card: "Carte réseau" = "Network card";
    chip: "Processeur" = "Processor";
    disk_of: "sur" = "of";
    health: "Santé de la batterie" = "Battery health";
    cycles: "cycles" = "cycles";
    forecast: "Prévision du disque" = "Disk forecast";
    full_at: "plein vers le" = "full about";
    no_forecast: "il ne se remplit pas, ou il est trop tôt pour le dire" = "it does not fill, or it is too early to tell";
    history: "Trente derniers jours" = "Last thirty days";
    no_history: "Rien n’a été mesuré encore. Une mesure suit chaque lecture, au plus une par heure."
        = "Nothing was measured yet. A measurement follows each reading, one an hour at most.";
    disk_share: "Disque libre" = "Disk free";
    battery_share: "Charge de la batterie" = "Battery charge";
    memory_share: "Mémoire utilisée" = "Memory in use";
    changes: "Ce qui a changé" = "What changed";
    no_changes: "Rien n’a changé." = "Nothing changed.";
    places: "Où elle était" = "Where it was";
    change_site: "site" = "site";
    change_ip: "adresse" = "address";
    change_name: "nom" = "name";
    change_system: "système" = "system";
    change_memory: "mémoire" = "memory";
    change_disk: "disque" = "disk";
    change_battery: "état de la batterie" = "battery condition";
    messages: "Messages" = "Messages";
    no_messages: "Aucun message encore." = "No message yet.";
    say: "Afficher un message" = "Show a message";
    heading: "Titre" = "Heading";
    heading_hint: "Vide : celui de Clean Desk." = "Empty: that of Clean Desk.";
    text: "Message" = "Message";
    text_hint: "500 caractères au plus ; vide : celui de Clean Desk." = "500 characters at most; empty: that of Clean Desk.";
    seen: "lu" = "seen";
    shown: "affiché" = "shown";
    not_shown: "pas affiché" = "not shown";
    on_its_way: "en route" = "on its way";
    by: "par" = "by";
    manage: "Gérer la machine" = "Manage the machine";
    exclude: "Exclure sur ce site" = "Exclude at this site";
    exclude_rest: "Exclue, son boîtier n’en garde plus rien : ni comme machine, ni comme appareil."
        = "Excluded, its box keeps nothing of it any more: neither as a machine nor as a device.";
    no_card: "Sa carte réseau n’est pas connue : elle ne peut être exclue que sur son boîtier."
        = "Its network card is not known: it can only be excluded on its box.";
}
