//! The words of people and their devices.

use crate::http::page::words::words;

words! {
    title: "Personnes et appareils" = "People and devices";
    claims: "Jumelages à confirmer" = "Pairings to confirm";
    claims_rest: "Une personne a ouvert son lien de jumelage avec cet appareil." = "A person opened the pairing link with this device.";
    label: "Nom de l’appareil" = "Name of the device";
    hands_over: "Il était à une autre personne jusqu’ici" = "It was another person’s until now";
    unowned: "Appareils présents sans propriétaire" = "Devices here without an owner";
    unowned_rest: "Pour en inscrire un : ouvrez la fiche de la personne, créez un lien de jumelage et ouvrez-le avec l’appareil, sur le réseau du site."
        = "To register one: open the person’s page, create a pairing link and open it with the device, on the site’s network.";
    nobody_unowned: "Aucun appareil sans propriétaire n’a été vu dans le dernier quart d’heure."
        = "No device without an owner was seen in the last quarter of an hour.";
    device: "Appareil" = "Device";
    first: "Vu d’abord" = "First seen";
    last: "Vu en dernier" = "Last seen";
    people: "Personnes" = "People";
    name: "Nom" = "Name";
    id: "Identifiant" = "Id";
    devices: "Appareils" = "Devices";
    numbers: "Numéros" = "Numbers";
    consent: "Accepte d’être nommée" = "Agreed to be named";
    yes: "oui" = "yes";
    no: "non" = "no";
    nobody: "Personne n’est connu encore. Ajoutez une personne, puis créez son lien de jumelage : sa première présence apparaît quelques minutes après."
        = "Nobody is known yet. Add a person, then create the pairing link: the first presence appears a few minutes later.";
    add: "Ajouter une personne" = "Add a person";
    id_hint: "Le numéro ou le nom sous lequel vous connaissez la personne." = "The number or name under which you know the person.";
    email: "Courriel" = "E-mail";
    shows_name: "Accepte d’être nommée parmi les présents" = "Agreed to be named among those who are here";
    edit: "Modifier" = "Edit";
    site: "Site" = "Site";
    mac: "Adresse" = "Address";
    since: "Depuis" = "Since";
    until: "Jusqu’à" = "Until";
    no_devices: "Aucun appareil inscrit." = "No device registered.";
    pairing: "Lien de jumelage" = "Pairing link";
    pairing_rest: "La personne ouvre ce lien avec son appareil, sur le réseau du site, et confirme. Vous confirmez ensuite ici."
        = "The person opens this link with the device, on the site’s network, and confirms. You then confirm here.";
    valid: "Validité" = "How long it works";
    by_address: "Inscrire par son adresse" = "Register by its address";
    exclude: "Exclure un appareil" = "Exclude a device";
    exclude_rest: "Le boîtier n’en garde plus rien, avant tout enregistrement." = "The box keeps nothing of it, before anything is stored.";
    terminal: "Pointeuse" = "Terminal";
    number: "Numéro" = "Number";
    rights: "Droits de la personne" = "The person’s rights";
    export: "Exporter ses données" = "Export the data";
    looks: "Qui a consulté ses présences" = "Who looked at the presences";
    no_looks: "Personne ne les a consultées." = "Nobody looked at them.";
    back: "Toutes les personnes" = "All people";
    month: "Son mois" = "The month";
}
