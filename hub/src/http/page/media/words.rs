//! The words of media.

use crate::http::page::words::words;

words! {
    title: "Médias" = "Media";
    medium: "Média" = "Medium";
    nothing_yet: "Aucun média encore. Envoyez un fichier ci-dessous, puis déployez-le vers des sites."
        = "No medium yet. Send a file below, then deploy it to sites.";
    under_way: "Déploiements de média en cours" = "Media deployments under way";
    none_under_way: "Aucun déploiement de média en cours, aucun échec." = "No media deployment is under way, none failed.";
    waits: "Attend le boîtier" = "Waits for the box";
    running: "En cours" = "In progress";
    failed: "Échoué" = "Failed";
    all: "Tous les médias" = "All media";
    search: "Rechercher un média" = "Search a medium";
    nothing_matches: "Aucun média ne correspond à ce filtre." = "No medium matches this filter.";
    size: "Taille" = "Size";
    added: "Ajouté" = "Added";
    by: "par" = "by";
    on_sites: "Sites" = "Sites";
    upload: "Ajouter un média" = "Add a medium";
    file: "Fichier" = "File";
    send: "Envoyer le fichier" = "Send the file";
    upload_failed: "L’envoi a échoué. Rien n’a été gardé ; recommencez." = "Sending failed. Nothing was kept; try again.";
    by_command: "Sans scripts, utilisez la ligne de commande :" = "Without scripts, use the command line:";
    too_large: "Le fichier dépasse {max} ({size}). Rien n’a été envoyé. Compressez la vidéo ou relevez la limite : `file_size_max` de [media] dans hub.toml."
        = "The file is larger than {max} ({size}). Nothing was sent. Compress the video or raise the limit: `file_size_max` of [media] in hub.toml.";
    lies: "Ce fichier n’est pas ce que dit son nom : il commence autrement. Rien n’a été gardé. Envoyez la vidéo ou l’image elle-même."
        = "This file is not what its name says: it begins otherwise. Nothing was kept. Send the video or picture itself.";
    full: "Il n’y a plus de place pour les médias. Rien n’a été gardé. Supprimez d’abord des médias, ou relevez `quota` de [media] dans hub.toml."
        = "There is no room for media. Nothing was kept. Delete some media first, or raise `quota` of [media] in hub.toml.";
    units: "o ko Mo Go To" = "B kB MB GB TB";
    until: "au plus tard" = "at the latest";
    list: "Médias" = "Media";
    matrix: "Quoi est où" = "What is where";
    matrix_rest: "Une ligne par site, une colonne par média : ce que les boîtiers ont constaté sur leur disque, et ce qui est en route."
        = "A row for each site, a column for each medium: what boxes noticed on their disks, and what is on its way.";
    newest_only: "Seuls les plus récents ont une colonne. Cherchez un média par son nom pour voir les autres."
        = "Only the newest have a column. Search a medium by its name to see others.";
    here: "Y est" = "There";
    not_here: "non" = "no";
    no_sites: "Aucun site ne correspond à ce filtre." = "No site matches this filter.";
    free: "Libre" = "Free";
    fingerprint: "Empreinte" = "Fingerprint";
    holders: "Où il se trouve" = "Where it lies";
    nowhere: "Sur aucun site encore." = "On no site yet.";
    path: "Chemin" = "Path";
    told: "Constaté" = "Noticed";
    deploy: "Déployer vers des sites" = "Deploy to sites";
    everywhere: "Chaque site l’a déjà." = "Every site has it already.";
    deploy_rest: "Un boîtier injoignable le reçoit à son retour, s’il revient à temps. Ce que le boîtier a déjà reste."
        = "A box that cannot be reached gets it when it returns, if it returns in time. What the box has already stays.";
    sites: "Sites" = "Sites";
    sites_hint: "Un identifiant par ligne." = "One id a line.";
    all_missing: "Tous ceux qui ne l’ont pas" = "All that do not have it";
    category: "Catégorie" = "Category";
    category_hint: "Le dossier sur le boîtier." = "The folder on the box.";
    file_name: "Nom sur le boîtier" = "Name on the box";
    expires: "Attendre le boîtier au plus" = "Wait for the box at most";
}
