import type { Texts } from './language.ts';

export const fr: Texts = {
  app: {
    name: 'CreativeFlow',
    models: 'Modèles', endpoints: 'Points d’accès', activity: 'Activité', upload: 'Déposer', help: 'Clavier', signOut: 'Se déconnecter', language: 'Langue',
    account: (name) => `Compte de ${name}`, accountUnknown: 'Compte', skip: 'Aller au contenu', navigation: 'Principale', close: 'Fermer', cancel: 'Annuler', back: 'Retour',
    copy: 'Copier', copied: 'Copié', download: 'Télécharger', retry: 'Réessayer', loading: 'Chargement',
    newVersion: 'Une nouvelle version de l’application est prête.', reload: 'Recharger', notFound: 'Il n’y a pas de page ici.', notLoaded: 'Cette page n’a pas pu être chargée', notLoadedHelp: 'L’application est peut-être en cours de mise à jour, ou la connexion est coupée. Rien de ce que vous avez saisi n’a été envoyé.', toModels: 'Aller aux modèles',
    dismiss: 'Masquer',
  },
  line: {
    lost: (since) => `Pas de connexion depuis ${since}. Vous voyez le dernier état connu.`,
    polling: 'Le direct ne passe pas ; on regarde toutes les quelques secondes.',
    stale: (age) => `Dernier état connu, ${age}.`, back: 'De nouveau connecté.', whoUnknown: 'Pas de connexion : impossible de demander qui est connecté.', tryNow: 'Essayer', nothingKept: 'Pas de connexion, et rien de cette page n’était gardé.',
    offlineAction: 'Pas de connexion. Rien n’a été envoyé ; réessayez quand elle sera revenue.',
  },
  login: {
    title: 'Connexion', lead: 'Avec votre compte Odoo.', login: 'Identifiant', password: 'Mot de passe', submit: 'Se connecter', busy: 'Connexion…',
    totp: 'Code de votre application', totpLead: 'Six chiffres, nouveaux toutes les 30 secondes.', verify: 'Vérifier', otherAccount: 'Utiliser un autre compte',
    ended: 'Votre session est terminée. Connectez-vous pour continuer.', show: 'Montrer le mot de passe', hide: 'Cacher le mot de passe',
  },
  road: {
    title: 'La route',
    stops: { uploaded: 'Déposé', scanned: 'Analysé', approved: 'Approuvé', built: 'Construit', staging: 'Préproduction', promoted: 'Promu', rolling: 'Déploiement', live: 'En service' },
    states: { done: 'fait', running: 'en cours', waiting: 'attend une personne', failed: 'en échec', aborted: 'interrompu', over: 'plus maintenant', ahead: 'à venir' },
    statesShort: { done: 'Fait', running: 'En cours', waiting: 'En attente', failed: 'Échec', aborted: 'Interrompu', over: 'Plus maintenant', ahead: 'À venir' },
    summary: (done, at, state) => `${done} étapes sur 8 faites ; ${at} : ${state}`,
    running: (time) => `depuis ${time}`, took: (time) => `en ${time}`, by: (who) => `par ${who}`,
  },
  needsReview: 'À examiner', aborted: 'Interrompu',
  status: {
    Validating: 'Analyse', Validated: 'Attend l’accord', ValidationFailed: 'Bloqué', PendingStagingDeployment: 'Vers la préproduction', Staging: 'En préproduction',
    StagingFailed: 'Échec préproduction', PendingProdDeployment: 'Déploiement', Live: 'En service', ProdFailed: 'Échec production', Superseded: 'Remplacé', Archived: 'Archivé',
  },
  models: {
    title: 'Modèles', searchLabel: 'Rechercher un modèle', searchHint: 'Rechercher un modèle', status: 'Statut', anyStatus: 'Tous les statuts', order: 'Ordre', recent: 'Plus récents', byName: 'Nom',
    needsYou: 'Vous attend', all: 'Tous les modèles', count: (n) => (n <= 1 ? `${n} modèle` : `${n.toLocaleString('fr')} modèles`),
    live: (version) => `${version} en service`, notLive: 'Pas en service', noVersion: 'Aucune version', wholeCompany: 'Toute la société', by: (who) => `par ${who}`,
    nothing: (text, status) => (text && status ? `Aucun modèle ne correspond à « ${text} » avec le statut ${status}.` : text ? `Aucun modèle ne correspond à « ${text} ».` : `Aucun modèle n’a le statut ${status}.`), needsMore: (n) => (n === 1 ? 'et 1 autre' : `et ${n} autres`), showAll: 'Tout afficher', clear: 'Effacer le filtre',
    emptyTitle: 'Aucun modèle', emptyLead: 'Déposez ici un modèle et son Dockerfile. Vous verrez chaque étape jusqu’à la mise en service.', emptyAction: 'Déposer un modèle',
    versions: 'Versions', noVersions: 'Aucune version n’a été déposée.', uploadNext: 'Déposer une version',
  },
  upload: {
    title: 'Déposer un modèle', drop: 'Déposez le modèle, son Dockerfile et ce qui va avec', choose: 'Choisir des fichiers', dropLead: 'Un metadata.json remplit le formulaire.', dropHere: 'Lâchez pour ajouter', titleFor: (model) => `Déposer une version de ${model}`, keeps: (model) => `Ceci dépose une version de ${model}.`,
    otherModel: (other, model) => `Le fichier de métadonnées nomme le modèle ${other} ; ceci est déposé comme version de ${model}.`,
    notYou: 'Déposer demande le rôle Data scientist. Demandez-le à un gestionnaire MLOps ou à un administrateur.',
    files: 'Fichiers', model: 'Modèle', dockerfile: 'Dockerfile', side: 'Annexe', kind: (file) => `Ce qu’est ${file}`, remove: (file) => `Retirer ${file}`,
    about: 'Cette version', name: 'Nom du modèle', nameHint: 'Un nouveau nom crée un modèle.', existing: (newest) => `La plus récente est ${newest}.`, version: 'Version',
    description: 'Description', framework: 'Framework', optional: 'facultatif', params: 'Paramètres', paramsRows: 'Clé et valeur', paramsJson: 'JSON', key: 'Clé', value: 'Valeur',
    addRow: 'Ajouter un paramètre', removeRow: (key) => `Retirer le paramètre ${key}`, badJson: (why) => `Ce n’est pas du JSON : ${why}`, notObject: 'Les paramètres sont un objet JSON, comme {"depth": 6}.',
    more: 'Mesures, schémas et service', metrics: 'Mesures', inputSchema: 'Schéma d’entrée', outputSchema: 'Schéma de sortie', serving: 'Service',
    start: 'Déposer', register: 'Enregistrer la version', pauseAll: 'Pause', resumeAll: 'Reprendre', pause: (file) => `Mettre ${file} en pause`, resume: (file) => `Reprendre ${file}`,
    digestRunning: (share) => `Empreinte ${share}`,
    states: { ready: 'Prêt', sending: 'Envoi', paused: 'En pause', waiting: 'Attend le réseau', done: 'Déposé', failed: 'Arrêté', needsFile: 'Choisissez encore le fichier' },
    rate: (rate) => `${rate}/s`, left: (time) => `reste ${time}`, sent: (sent, all) => `${sent} sur ${all}`,
    again: (file) => `Choisissez encore ${file} : ce qui est envoyé reste, la suite viendra.`, allow: (file) => `Continuer avec ${file}`,
    otherFile: (file) => `Ce n’est pas le même ${file} : sa taille ou sa date diffère.`, restored: 'Un dépôt commencé a été retrouvé.', discard: 'L’abandonner',
    registering: 'Enregistrement…', needModel: 'Ajoutez le fichier du modèle.', needDockerfile: 'Ajoutez un Dockerfile.', needName: 'Donnez un nom au modèle.', needVersion: 'Donnez la version, comme 1.0.0.',
    badVersion: 'Une version commence par une lettre ou un chiffre et contient lettres, chiffres et . _ + -', twoModels: 'Un seul fichier peut être le modèle.',
    running: (share) => `Envoi, ${share}`,
    scanTitle: 'Ce qui est analysé', nextTitle: 'La suite',
    scan: [
      'Le fichier du modèle, par ce qu’il est et non par son nom : safetensors et pickle sont lus jusqu’au dernier octet, jamais exécutés.',
      'Chaque objet global qu’un pickle demande, face à une liste permise. Ce qui n’est pas compris n’est pas sain.',
      'Le Dockerfile : dernier utilisateur, images figées, ADD distant, installateurs en tube, secrets dans ENV et ARG.',
      'L’empreinte prise ici, face à celle prise là où il est rangé.',
    ],
    next: ['Analyse, une minute au plus.', 'Un approbateur le laisse aller en préproduction.', 'L’image est construite dans son pod, puis testée en préproduction.', 'Une autre personne le promeut en production.'],
  },
  version: {
    inventory: { title: 'Dans l’image', packages: 'Paquets', holes: 'Failles connues', malware: 'Maliciels', none: 'Aucun trouvé', noDatabase: 'Aucune base de failles chargée', noScanner: 'Aucun antivirus', list: 'Montrer les failles' },
    of: (version, model) => `${model} ${version}`, facts: 'Faits', digest: 'Empreinte du modèle', image: 'Empreinte de l’image', size: 'Taille', framework: 'Framework', submitter: 'Déposé par',
    uploaded: 'Déposé', params: 'Paramètres', metrics: 'Mesures', files: 'Fichiers', schema: 'Schéma', input: 'Entrée', output: 'Sortie', serving: 'Service', notBuilt: 'Pas encore construite',
    againstLive: (version) => `face à ${version} en service`, tabs: 'Détails',
    approved: (who, env) => `${who} a approuvé pour ${env}`, rejected: (who) => `${who} a refusé`,
    findings: 'Constats', buildLog: 'Journal de construction', deployments: 'Déploiements', journal: 'Journal', openEndpoint: 'Ouvrir le point d’accès',
    notAllowed: 'Pas possible maintenant',
  },
  findings: {
    none: 'Rien n’a été trouvé.', noneLead: (rules) => `Analysé avec les règles ${rules}.`, pending: 'L’analyse est en cours.', remedy: 'Que faire', evidence: 'Preuve', rule: 'Règle',
    at: { offset: (n) => `octet ${n}`, line: (n, c) => (c ? `ligne ${n}, colonne ${c}` : `ligne ${n}`) },
    severity: { critical: 'Critique', high: 'Élevé', medium: 'Moyen', low: 'Faible', info: 'Info' },
    verdict: { block: 'bloque', review: 'à revoir', pass: 'noté' },
    waiver: {
      requested: (by, reason) => `${by} demande de l’accepter : « ${reason} »`, accepted: (by, until) => `Accepté par ${by} jusqu’au ${until}`,
      refused: (by, why) => `${by} a refusé : « ${why} »`, expired: (until) => `Était accepté jusqu’au ${until}`, title: 'Dérogation',
    },
  },
  log: {
    none: 'La construction n’a pas commencé.', following: 'En direct', searchLabel: 'Chercher dans le journal', matches: (n) => (n <= 1 ? `${n} ligne` : `${n} lignes`),
    lines: 'Lignes du journal de construction', noMatch: (text) => `Aucune ligne ne correspond à « ${text} ».`,
  },
  deployments: {
    none: 'Rien n’a encore été déployé.', conditions: 'Conditions', pods: 'Pods', ready: (a, b) => `${a} pods prêts sur ${b}`,
    environment: { staging: 'Préproduction', production: 'Production' }, kept: 'gardé pour un retour', removed: 'retiré', live: 'en service', deadline: (at) => `Doit être prêt avant ${at}`,
    by: (who) => `demandé par ${who}`, preview: 'Aperçu', phase: { Pending: 'En attente', Building: 'Construction', Progressing: 'En cours', Ready: 'Prêt', Failed: 'Échec', Superseded: 'Remplacé', Removed: 'Retiré' },
    standing: { aborted: 'Interrompu', kept: 'Gardé' }, lastSeen: 'Ce qui a été vu en dernier', podReady: 'prêt', podNotReady: 'pas prêt',
  },
  strategy: {
    'blue-green': 'Bleu-vert', rolling: 'Progressive', canary: 'Canari', recreate: 'Recréation', canaryLead: 'Un peu du trafic, jugé par de vrais signaux, puis davantage. Ce qui fait moins bien est retiré.',
    blueGreenLead: 'À pleine taille à côté de l’ancienne, testée, puis une seule bascule. L’ancienne est gardée.', rollingLead: 'Les pods sont remplacés un par un. Demande le moins de place.',
    blueGreenSteps: ['Démarrer la nouvelle version à côté de celle en service', 'La tester sur une adresse d’aperçu', 'Basculer tout le trafic d’un coup', 'Garder l’ancienne pour un retour'],
    rollingSteps: ['Remplacer un pod', 'Attendre qu’il soit prêt', 'Continuer, pod après pod'],
    fitsNow: 'Il y a la place maintenant.', looking: 'Vérifie s’il y a la place…', wouldWait: 'Elle attendrait de la place.',
    recreateLead: 'Là où il n’y a place pour aucun pod de plus. Le point d’accès ne répond pas tant que la nouvelle version n’est pas prête.',
    recreateSteps: ['Arrêter la version en service : à partir de là le point d’accès ne répond plus', 'Démarrer la nouvelle version à sa place', 'La tester sur une adresse d’aperçu', 'L’ouvrir au trafic ; si elle échoue, l’ancienne revient'],
  },
  rollout: {
    title: 'Mise en service', steps: 'Étapes de la mise en service', judgements: 'Jugements', controls: 'Conduire la mise en service',
    weight: (share, version) => `${share} du trafic va à ${version}`, stays: (share, version) => `${share} reste à ${version}`,
    state: { done: 'fait', now: 'en cours', next: 'à venir' }, pods: (share) => `${share} des pods`, oldPods: (n) => `${n} anciens pods`,
    waiting: { pods: 'Attend des pods', time: 'Attend', person: 'Attend une personne', judgement: 'Juge', pause: 'En pause', room: 'Attend de la place', predecessor: 'Attend que la version précédente soit partie' },
    left: (time) => `encore ${time}`, soon: 'd’un instant à l’autre', then: (what) => `Ensuite : ${what}`, thenLive: 'Ensuite elle est en service.', starting: 'Elle va commencer.',
    short: { preview: 'Aperçu', approve: 'Une personne', judge: 'Juger' },
    does: {
      scale: (pods, all, version) => `démarrer ${pods} pods de ${version} sur ${all}`, preview: (version) => `interroger ${version} une fois par son aperçu`,
      weight: (share, version) => `envoyer ${share} du trafic à ${version}`, wait: (time) => `attendre ${time}`, approve: (time) => `une personne la laisse continuer, sous ${time}`,
      judge: (time) => `la juger face à celle d’avant sur ${time} de trafic`, shrink: (n) => (n === 0 ? 'arrêter celle d’avant : le point d’accès ne répond pas tant que la nouvelle n’est pas prête' : `celle d’avant garde ${n} pods`),
    },
    verdict: { pass: 'fait bien', fail: 'fait moins bien', wait: 'pas encore connu' }, step: (n) => `Étape ${n}`,
    numbers: { requests: 'Requêtes', errors: 'Erreurs', p95: 'p95', restarts: 'Redémarrages', agreement: 'Mêmes réponses', signal: 'Signal métier' }, before: 'avant', during: 'pendant', anew: 'Le jugement recommence.', counted: (n, needed) => `${n} requêtes comptées sur ${needed}`, needed: (n) => `${n} requêtes sont nécessaires`,
    standing: { enough: 'assez', within: 'dans la limite', over: 'au-delà de la limite', below: 'sous la limite', few: 'encore trop peu', early: 'pas encore jugé', free: 'non jugé' }, nothing: 'rien de compté', limit: 'limite',
    atMost: (what) => `au plus ${what}`, atLeast: (what) => `au moins ${what}`, over: (what) => `${what} au fil des étapes`, upTo: (what) => `jusqu’à ${what}`,
  },
  actions: {
    names: { deploy: 'Approuver pour la préproduction', promote: 'Promouvoir', reject: 'Refuser', rollback: 'Revenir en arrière', rescan: 'Analyser encore', archive: 'Archiver', 'request-waiver': 'Demander une dérogation', 'accept-waiver': 'Approuver la dérogation', 'refuse-waiver': 'Refuser la dérogation',
      'pause-rollout': 'Mettre en pause', 'resume-rollout': 'Reprendre', 'approve-step': 'Laisser continuer', 'skip-step': 'Sauter cette étape', 'abort-rollout': 'Interrompre' },
    redeploy: 'Redéployer', retryPromote: 'Promouvoir encore', group: 'Actions', allow: 'Vous attend', comment: 'Commentaire', commentHint: 'Gardé avec l’accord.', reason: 'Raison', sending: 'Envoi…',
    deployTitle: (what) => `Approuver ${what} pour la préproduction`, deployConfirm: (what) => `Construire l’image de ${what} et la démarrer en préproduction maintenant.`,
    redeployConfirm: (what) => `Redémarrer ${what} en préproduction maintenant.`,
    promoteTitle: (what) => `Promouvoir ${what} en production`,
    promoteConfirm: {
      'blue-green': (version, from) => (from ? `Démarrer ${version} à côté de ${from}, la tester, puis lui envoyer 100\u00a0% du trafic de production.` : `Démarrer ${version}, la tester, puis l’ouvrir au trafic de production. Rien n’est en service avant elle.`),
      rolling: (version, from) => (from ? `Remplacer en production les pods de ${from} par ${version}, l’un après l’autre.` : `Démarrer ${version} en production, pod après pod. Rien n’est en service avant elle.`),
      recreate: (version, from) => (from ? `Arrêter ${from}, puis démarrer ${version} à sa place. Le point d’accès ne répond pas tant que ${version} n’est pas prête ; si elle échoue, ${from} revient.` : `Démarrer ${version}, la tester, puis l’ouvrir au trafic de production. Rien n’est en service avant elle.`),
      canary: (version, from) => (from ? `Essayer ${version} sur un peu du trafic de ${from}, la juger, et ne continuer que tant qu’elle fait bien.` : `Démarrer ${version}, la tester, puis l’ouvrir au trafic de production. Rien n’est en service avant elle.`),
    },
    supersedes: (version) => `Le déploiement de ${version}, qui est en route, est abandonné.`,
    rollbackTitle: (model) => `Revenir en arrière sur ${model}`, rollbackTo: (model, to) => `Ramener ${model} à ${to}`, earlier: 'la version d’avant', rollbackConfirm: (version, to) => `Retirer ${version} de la production et remettre ${to}. Quelques secondes suffisent.`,
    rollbackGap: (version, to) => `Retirer ${version} de la production et remettre ${to}. S’il n’y a pas la place à côté de ${version}, le point d’accès ne répond pas tant qu’elle n’est pas prête.`,
    rejectTitle: (what) => `Refuser ${what}`, rejectConfirm: (what) => `${what} ne va pas plus loin. La personne qui l’a déposé lit votre raison.`, rejectNeedsReason: 'Dites pourquoi, pour que cela puisse être corrigé.',
    requestWaiverTitle: (what) => `Demander une dérogation pour ${what}`, requestWaiverConfirm: 'Un approbateur est prié d’accepter ces constats, pour ces fichiers-là, jusqu’à la date.', until: 'Jusqu’au',
    acceptWaiverTitle: (what) => `Approuver la dérogation pour ${what}`, acceptWaiverConfirm: (what) => `${what} peut être déployé malgré ce que l’analyse a trouvé.`,
    refuseWaiverTitle: (what) => `Refuser la dérogation pour ${what}`, refuseWaiverConfirm: (what) => `Les constats demeurent et ${what} ne va pas plus loin. La personne qui l’a demandée lit votre raison.`,
    rescanTitle: (what) => `Analyser encore ${what}`, rescanConfirm: 'Les fichiers sont relus avec les règles d’aujourd’hui.',
    skipStepTitle: (what) => `Sauter une étape de ${what}`, abortTitle: (what) => `Interrompre la mise en service de ${what}`,
    abortConfirm: (version, from) => (from ? `${from} reste en service et reprend tout le trafic. ${version} ne va pas plus loin.` : `${version} ne va pas plus loin. Rien n’est alors en service.`),
    archiveTitle: (what) => `Archiver ${what}`, archiveConfirm: (what) => `${what} quitte les listes. Sa trace reste.`,
    done: {
      deploy: (what) => `${what} part en préproduction.`, promote: (what) => `${what} se déploie.`, reject: (what) => `${what} a été refusé.`,
      rollback: (what) => `${what} : retour en arrière.`, rescan: (what) => `${what} est analysé de nouveau.`, archive: (what) => `${what} a été archivé.`,
      'request-waiver': (what) => `Une dérogation pour ${what} est demandée.`, 'accept-waiver': (what) => `Les constats de ${what} sont acceptés.`, 'refuse-waiver': (what) => `La dérogation pour ${what} est refusée.`,
      'pause-rollout': (what) => `La mise en service de ${what} est en pause.`, 'resume-rollout': (what) => `La mise en service de ${what} reprend.`, 'approve-step': (what) => `La mise en service de ${what} continue.`,
      'skip-step': (what) => `Une étape de ${what} a été sautée.`, 'abort-rollout': (what) => `La mise en service de ${what} est interrompue.`,
    },
    stale: 'Quelqu’un a été plus rapide : cette version a changé depuis que vous l’avez ouverte. Regardez son nouvel état et décidez de nouveau.',
    compare: 'Ce qui change', now: 'En service', then: 'Ensuite', nothingLive: 'Rien en service', sameCount: (n) => `${n} identiques`, findingsTitle: 'Ce que dit l’analyse', strategyTitle: 'Comment', replicas: 'Répliques', gpus: 'GPU', memory: 'Mémoire', cpu: 'CPU', versionLabel: 'Version', clean: 'Aucun constat.',
  },
  endpoint: {
    title: 'Points d’accès', none: 'Aucun point d’accès', noneLead: 'Un point d’accès apparaît quand une version atteint la préproduction ou la production.', available: 'Disponible', unavailable: 'Indisponible',
    serves: (version) => `sert ${version}`, url: 'Adresse', call: 'L’appeler', schema: 'Schéma', tryIt: 'L’essayer', send: 'Envoyer', sending: 'Envoi…', answer: 'Réponse', took: (time) => `en ${time}`,
    body: 'Corps de la requête', badJson: (why) => `Ce n’est pas du JSON : ${why}`, draw: 'Dessiner', json: 'JSON', drawLead: 'Dessinez un chiffre à la souris ou au doigt. Les flèches déplacent, espace peint.', clear: 'Effacer', sample: 'L’exemple',
    canvas: 'Dessin de 8 sur 8 pixels', isA: (digit) => `Il lit un ${digit}`, sure: (share) => `sûr à ${share}`, n8nHint: 'Copiez, puis collez sur le canevas d’un workflow n8n.', changed: 'Changé', noSchema: 'Aucun schéma n’a été donné.',
    traffic: {
      title: 'La dernière heure', requests: 'Requêtes', errors: 'Erreurs', p95: 'p95', answeredBy: 'Répondu par', aMinute: (n) => `${n} par minute`, most: (what) => `jusqu’à ${what}`,
      version: (version, requests) => `${version} (${requests})`, notCounted: 'Le pont ne sait pas où la passerelle donne ses mesures : rien n’est compté.', unread: 'Les mesures de la passerelle n’ont pas encore pu être lues.',
      soon: (time) => `Compté depuis ${time} ; la première minute n’est pas finie.`, none: (time) => `Aucune requête depuis ${time}.`,
      told: (name, all, most, last, from, to) => `${name} de ${from} à ${to} : ${all ? `${all} en tout, ` : ''}jusqu’à ${most}, dernier ${last}.`,
    },
    notFound: 'Ce point d’accès n’existe pas, ou vous ne pouvez pas le voir.', environment: { staging: 'Préproduction', production: 'Production' }, language: 'Langage de l’extrait', input: 'Entrée', output: 'Sortie', mode: 'Mode de saisie', cell: (row, column) => `Ligne ${row}, colonne ${column}`,
  },
  activity: {
    title: 'Activité', none: 'Rien ne s’est encore passé.', noneMatch: (what) => `Rien ne correspond à ${what}.`, clear: 'Effacer le filtre', loaded: (n) => `Cherché dans les ${n} événements chargés.`, filter: 'Filtre', topics: { all: 'Tout', status: 'Statuts', scan: 'Analyses', build: 'Constructions', deployment: 'Déploiements', approval: 'Accords', endpoint: 'Points d’accès' },
    today: 'Aujourd’hui', yesterday: 'Hier', searchLabel: 'Filtrer par texte', system: 'Système', older: 'Voir plus ancien',
    sentence: (event, status) => {
      const p = event.payload as Record<string, string | undefined>;
      switch (event.topic) {
        case 'version.registered': return 'a été déposé';
        case 'version.status': return p.from ? `${status(p.from)} → ${status(p.status ?? '')}` : status(p.status ?? '');
        case 'version.build': return `construction ${{ wanted: 'demandée', running: 'commencée', done: 'finie', failed: 'en échec' }[p.state ?? ''] ?? p.state ?? ''}`;
        case 'version.waiver': return `${{ requested: 'dérogation demandée', accepted: 'constats acceptés', refused: 'dérogation refusée', expired: 'dérogation expirée' }[p.state ?? ''] ?? 'dérogation'}`;
        case 'request.state': return `demande ${{ accepted: 'en attente', refused: 'refusée', done: 'satisfaite', failed: 'en échec' }[p.state ?? ''] ?? p.state ?? ''}`;
        case 'policy.change': return `${{ requested: 'assouplissement demandé', 'in-force': 'règles assouplies', rejected: 'assouplissement refusé', withdrawn: 'assouplissement retiré' }[p.state ?? ''] ?? 'règles'} : ${p.reason ?? ''}`;
        case 'version.scan': return `analyse : ${{ pass: 'sain', review: 'à revoir', block: 'bloqué' }[p.verdict ?? ''] ?? p.verdict ?? ''}`;
        case 'deployment.facts': return `déploiement ${{ Progressing: 'en cours', Ready: 'prêt', Failed: 'en échec', Removed: 'retiré' }[p.phase ?? ''] ?? 'changé'}`;
        case 'deployment.integrity': return p.state === 'good' ? 'tourne de nouveau comme approuvé' : 'diffère de ce qui a été approuvé';
        case 'rollout.steered': return { pause: 'mise en service en pause', resume: 'mise en service reprise', 'approve-step': 'laissée continuer', 'skip-step': 'étape sautée', abort: 'mise en service interrompue' }[p.action ?? ''] ?? 'mise en service conduite';
        case 'endpoint.changed': return p.isAvailable === undefined || p.isAvailable ? 'point d’accès disponible' : 'point d’accès indisponible';
        case 'approval.recorded': return p.decision === 'rejected' ? 'a été refusé' : 'a été approuvé';
        default: return event.topic;
      }
    },
  },
  keys: { title: 'Clavier', search: 'Rechercher', models: 'Modèles', endpoints: 'Points d’accès', activity: 'Activité', upload: 'Déposer', help: 'Cette aide', close: 'Fermer ce qui est ouvert', then: 'puis' },
};
