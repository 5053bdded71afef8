-- A history as version 1 wrote it, with an answer cut in the middle.
BEGIN TRANSACTION;
CREATE TABLE attempt (
        id TEXT PRIMARY KEY, message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
        number INTEGER NOT NULL, started_at REAL NOT NULL, first_token_at REAL, ended_at REAL, "join" TEXT NOT NULL,
        keep INTEGER NOT NULL, cut INTEGER NOT NULL, resumed_by TEXT NOT NULL, bytes_received INTEGER NOT NULL,
        status INTEGER, finish_reason TEXT NOT NULL, fault TEXT, usage TEXT);
INSERT INTO "attempt" VALUES('a1','m2',1,201.0,202.0,NULL,'first',-1,0,'',0,200,'',NULL,NULL);
CREATE TABLE conversation (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL,
        leaf_id TEXT, model TEXT NOT NULL DEFAULT '', system TEXT NOT NULL DEFAULT '',
        params TEXT NOT NULL DEFAULT '{}', pinned INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0,
        draft TEXT NOT NULL DEFAULT '', unread INTEGER NOT NULL DEFAULT 0, deleted_at REAL);
INSERT INTO "conversation" VALUES('c1','Đường về nhà',100.0,300.0,'m2','guide/guide','','{}',0,0,'',0,NULL);
CREATE TABLE delta (attempt_id TEXT NOT NULL, kind TEXT NOT NULL, seq INTEGER NOT NULL, text TEXT NOT NULL);
INSERT INTO "delta" VALUES('a1','content',1,'Sáu ');
INSERT INTO "delta" VALUES('a1','content',2,'thanh.');
CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at REAL NOT NULL);
INSERT INTO "fact" VALUES('k','v',1.0);
CREATE TABLE lease (
        message_id TEXT PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, conversation_id TEXT NOT NULL,
        token TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, boot_id TEXT NOT NULL, started TEXT NOT NULL,
        heartbeat REAL NOT NULL);
CREATE TABLE message (
        id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
        parent_id TEXT REFERENCES message (id) ON DELETE CASCADE, role TEXT NOT NULL, text TEXT NOT NULL,
        reasoning TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, model TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL, finish_reason TEXT NOT NULL DEFAULT '', problem TEXT, usage TEXT, first_token_s REAL,
        duration_s REAL, reasoning_s REAL, seams TEXT NOT NULL DEFAULT '[]');
INSERT INTO "message" VALUES('m1','c1',NULL,'user','Tiếng Việt có mấy thanh?','',200.0,'','complete','',NULL,NULL,NULL,NULL,NULL,'[]');
INSERT INTO "message" VALUES('m2','c1','m1','assistant','','',201.0,'','streaming','',NULL,NULL,NULL,NULL,NULL,'[]');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE INDEX conversation_updated ON conversation (updated_at);
CREATE INDEX message_conversation ON message (conversation_id);
CREATE INDEX message_parent ON message (parent_id);
CREATE INDEX message_on_its_way ON message (state)
        WHERE state NOT IN ('complete', 'stopped', 'failed', 'interrupted');
CREATE INDEX attempt_message ON attempt (message_id, number);
CREATE UNIQUE INDEX delta_order ON delta (attempt_id, kind, seq);
COMMIT;
PRAGMA application_id = 1752132729;
PRAGMA user_version = 1;
