BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE image (
	id VARCHAR(40) NOT NULL, 
	job_id VARCHAR(32) NOT NULL, 
	n INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	content_type VARCHAR(32) NOT NULL, 
	num_bytes INTEGER NOT NULL, 
	storage_key VARCHAR(255) NOT NULL, 
	thumbnail_key VARCHAR(255), 
	queued_at_s DOUBLE NOT NULL, 
	started_at_s DOUBLE NOT NULL, 
	finished_at_s DOUBLE NOT NULL, 
	encode_s DOUBLE NOT NULL, 
	step_share_s DOUBLE NOT NULL, 
	decode_s DOUBLE NOT NULL, 
	lora_sha256s JSON NOT NULL, 
	base_sha256 VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_image PRIMARY KEY (id), 
	CONSTRAINT fk_image_job_id_job FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE, 
	CONSTRAINT uq_image_job_id UNIQUE (job_id, n)
);
INSERT INTO "image" VALUES('4e2ce82fa33add47befcca17c4e71c15-1','4e2ce82fa33add47befcca17c4e71c15',1,4294967295,32,32,'image/jpeg',1690,'generations/4e2ce82fa33add47befcca17c4e71c15/4e2ce82fa33add47befcca17c4e71c15-1.jpg',NULL,1.795810893709994793e+09,1.79581089373511838909e+09,1.79581089376201629643e+09,0.0,1.33333333333333320228e-06,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO "image" VALUES('4e2ce82fa33add47befcca17c4e71c15-3','4e2ce82fa33add47befcca17c4e71c15',3,1,32,32,'image/jpeg',1657,'generations/4e2ce82fa33add47befcca17c4e71c15/4e2ce82fa33add47befcca17c4e71c15-3.jpg',NULL,1.795810893709994793e+09,1.79581089373511838909e+09,1.79581089377098822596e+09,0.0,1.33333333333333320228e-06,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO "image" VALUES('4e2ce82fa33add47befcca17c4e71c15-2','4e2ce82fa33add47befcca17c4e71c15',2,0,32,32,'image/jpeg',1681,'generations/4e2ce82fa33add47befcca17c4e71c15/4e2ce82fa33add47befcca17c4e71c15-2.jpg',NULL,1.795810893709994793e+09,1.79581089373511838909e+09,1.79581089378301811216e+09,0.0,1.33333333333333320228e-06,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO "image" VALUES('a7513069356ca384f4fc56ab879faa14-1','a7513069356ca384f4fc56ab879faa14',1,7,32,32,'image/png',445,'generations/a7513069356ca384f4fc56ab879faa14/a7513069356ca384f4fc56ab879faa14-1.png',NULL,1.79581089380100226409e+09,1.79581089381106233596e+09,1.7958108938269927502e+09,0.0,4.99999999999999956198e-06,1.0e-06,'[]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO "image" VALUES('e94112932b863e9c28722b25cd322f55-1','e94112932b863e9c28722b25cd322f55',1,12,32,32,'image/jpeg',1678,'generations/e94112932b863e9c28722b25cd322f55/e94112932b863e9c28722b25cd322f55-1.jpg',NULL,1.79581089384501719477e+09,1.79581089399696254733e+09,1.79581089400699591635e+09,0.0,1.0e-06,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO "image" VALUES('43404e7d2bd43305a712152dff78838b-1','43404e7d2bd43305a712152dff78838b',1,30,32,32,'image/jpeg',1638,'generations/43404e7d2bd43305a712152dff78838b/43404e7d2bd43305a712152dff78838b-1.jpg',NULL,1.79581089407201266285e+09,1.79581089408743190764e+09,1.79581089410798096653e+09,0.0,3.33333333333333290001e-06,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
CREATE TABLE job (
	id VARCHAR(32) NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	prompt TEXT NOT NULL, 
	final_prompt TEXT NOT NULL, 
	negative_prompt TEXT NOT NULL, 
	num_images INTEGER NOT NULL, 
	quality VARCHAR(16) NOT NULL, 
	num_inference_steps INTEGER NOT NULL, 
	guidance_scale DOUBLE NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	sampler VARCHAR(32) NOT NULL, 
	image_format VARCHAR(8) NOT NULL, 
	model VARCHAR(160), 
	loras JSON NOT NULL, 
	base_name VARCHAR(255) NOT NULL, 
	base_sha256 VARCHAR(64) NOT NULL, 
	attempt INTEGER NOT NULL, 
	lost_leases INTEGER NOT NULL, 
	lease_owner VARCHAR(64), 
	lease_until DOUBLE NOT NULL, 
	num_events INTEGER NOT NULL, 
	error_code VARCHAR(32), 
	error_detail TEXT, 
	created_at_s DOUBLE NOT NULL, 
	started_at_s DOUBLE, 
	finished_at_s DOUBLE, 
	CONSTRAINT pk_job PRIMARY KEY (id), 
	CONSTRAINT ck_job_ck_job_status CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled'))
);
INSERT INTO "job" VALUES('4e2ce82fa33add47befcca17c4e71c15','ip:testclient','completed','red dress, beach','jade woman, red dress, beach','low quality, blurry, distorted',3,'high',4,7.0,32,32,4294967295,'euler','jpeg','jade-v1','[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,4,NULL,NULL,1.795810893709994793e+09,1.7958108937320022583e+09,1.79581089378700113298e+09);
INSERT INTO "job" VALUES('a7513069356ca384f4fc56ab879faa14','ip:testclient','completed','woman at sunset','woman at sunset','',1,'high',3,1.0,32,32,7,'heun','png',NULL,'[]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,2,NULL,NULL,1.79581089380100226409e+09,1.79581089380800271032e+09,1.79581089383001041414e+09);
INSERT INTO "job" VALUES('e94112932b863e9c28722b25cd322f55','ip:testclient','failed','red woman','jade woman, red woman','low quality, blurry, distorted',2,'high',2,7.0,32,32,12,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,2,'nan','picture 2: the picture came out as not-a-number',1.79581089384501719477e+09,1.79581089399299478536e+09,1.79581089401101922989e+09);
INSERT INTO "job" VALUES('570a7f8e02d716fa43621ee50135cdfc','ip:testclient','cancelled','red woman on a beach','jade woman, red woman on a beach','low quality, blurry, distorted',2,'high',3,7.0,32,32,3,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,1,NULL,NULL,1.79581089402598595623e+09,1.79581089404199862485e+09,1.79581089405201673511e+09);
INSERT INTO "job" VALUES('43404e7d2bd43305a712152dff78838b','ip:testclient','processing','dress at the beach','jade woman, dress at the beach','low quality, blurry, distorted',3,'high',10,7.0,32,32,30,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,'b967fd6d64c6968feb8705811ef0cfff/fff9c3f1',1.79581090408199048041e+09,1,NULL,NULL,1.79581089407201266285e+09,1.79581089408199048038e+09,NULL);
INSERT INTO "job" VALUES('85bf4124534f9cf03b422fd3f81a38b9','ip:testclient','processing','jade woman, red dress','jade woman, red dress','low quality, blurry, distorted',2,'high',4,7.0,32,32,60,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,'b967fd6d64c6968feb8705811ef0cfff/fff9c3f1',1.79581090464199542994e+09,0,NULL,NULL,1.79581089463000583648e+09,1.79581089464199543e+09,NULL);
CREATE TABLE job_event (
	job_id VARCHAR(32) NOT NULL, 
	seq INTEGER NOT NULL, 
	name VARCHAR(16) NOT NULL, 
	data JSON NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_job_event PRIMARY KEY (job_id, seq), 
	CONSTRAINT fk_job_event_job_id_job FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
INSERT INTO "job_event" VALUES('4e2ce82fa33add47befcca17c4e71c15',1,'image','{"id": "4e2ce82fa33add47befcca17c4e71c15-1", "index": 0, "storage_key": "generations/4e2ce82fa33add47befcca17c4e71c15/4e2ce82fa33add47befcca17c4e71c15-1.jpg", "thumbnail_key": null, "seed": 4294967295, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1690}',1.79581089376201629643e+09);
INSERT INTO "job_event" VALUES('4e2ce82fa33add47befcca17c4e71c15',2,'image','{"id": "4e2ce82fa33add47befcca17c4e71c15-3", "index": 2, "storage_key": "generations/4e2ce82fa33add47befcca17c4e71c15/4e2ce82fa33add47befcca17c4e71c15-3.jpg", "thumbnail_key": null, "seed": 1, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1657}',1.79581089377098822596e+09);
INSERT INTO "job_event" VALUES('4e2ce82fa33add47befcca17c4e71c15',3,'image','{"id": "4e2ce82fa33add47befcca17c4e71c15-2", "index": 1, "storage_key": "generations/4e2ce82fa33add47befcca17c4e71c15/4e2ce82fa33add47befcca17c4e71c15-2.jpg", "thumbnail_key": null, "seed": 0, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1681}',1.79581089378301811216e+09);
INSERT INTO "job_event" VALUES('4e2ce82fa33add47befcca17c4e71c15',4,'completed','{"job_id": "4e2ce82fa33add47befcca17c4e71c15", "status": "completed", "images_completed": 3, "images_total": 3, "error": null}',1.79581089378700113298e+09);
INSERT INTO "job_event" VALUES('a7513069356ca384f4fc56ab879faa14',1,'image','{"id": "a7513069356ca384f4fc56ab879faa14-1", "index": 0, "storage_key": "generations/a7513069356ca384f4fc56ab879faa14/a7513069356ca384f4fc56ab879faa14-1.png", "thumbnail_key": null, "seed": 7, "width": 32, "height": 32, "content_type": "image/png", "bytes": 445}',1.7958108938269927502e+09);
INSERT INTO "job_event" VALUES('a7513069356ca384f4fc56ab879faa14',2,'completed','{"job_id": "a7513069356ca384f4fc56ab879faa14", "status": "completed", "images_completed": 1, "images_total": 1, "error": null}',1.79581089383001041414e+09);
INSERT INTO "job_event" VALUES('e94112932b863e9c28722b25cd322f55',1,'image','{"id": "e94112932b863e9c28722b25cd322f55-1", "index": 0, "storage_key": "generations/e94112932b863e9c28722b25cd322f55/e94112932b863e9c28722b25cd322f55-1.jpg", "thumbnail_key": null, "seed": 12, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1678}',1.79581089400699591635e+09);
INSERT INTO "job_event" VALUES('e94112932b863e9c28722b25cd322f55',2,'failed','{"job_id": "e94112932b863e9c28722b25cd322f55", "status": "failed", "images_completed": 1, "images_total": 2, "error": {"code": "nan", "detail": "picture 2: the picture came out as not-a-number"}}',1.79581089401101922989e+09);
INSERT INTO "job_event" VALUES('570a7f8e02d716fa43621ee50135cdfc',1,'cancelled','{"job_id": "570a7f8e02d716fa43621ee50135cdfc", "status": "cancelled", "images_completed": 0, "images_total": 2, "error": null}',1.79581089405201673511e+09);
INSERT INTO "job_event" VALUES('43404e7d2bd43305a712152dff78838b',1,'image','{"id": "43404e7d2bd43305a712152dff78838b-1", "index": 0, "storage_key": "generations/43404e7d2bd43305a712152dff78838b/43404e7d2bd43305a712152dff78838b-1.jpg", "thumbnail_key": null, "seed": 30, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1638}',1.79581089410798096653e+09);
CREATE TABLE lora (
	label VARCHAR(160) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	version VARCHAR(64), 
	sha256 VARCHAR(64) NOT NULL, 
	short_hash VARCHAR(12) NOT NULL, 
	num_bytes BIGINT NOT NULL, 
	rank INTEGER NOT NULL, 
	num_modules INTEGER NOT NULL, 
	has_text_encoder BOOLEAN NOT NULL, 
	"trigger" TEXT, 
	title TEXT, 
	base_model VARCHAR(255), 
	file_metadata JSON NOT NULL, 
	loaded_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_lora PRIMARY KEY (label)
);
INSERT INTO "lora" VALUES('amber','amber',NULL,'51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9','92c135ebbc74',316,1,1,0,NULL,NULL,'lora-studio-demo','{"studio.base_model": "lora-studio-demo"}',1.79581089363600611688e+09);
INSERT INTO "lora" VALUES('jade-v1','jade','1','2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b','94bc92e99332',358,1,1,0,'jade woman',NULL,'lora-studio-demo','{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}',1.79581089363600611688e+09);
INSERT INTO "lora" VALUES('jade-v2','jade','2','fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e','2d8c59bb59ad',358,1,1,0,'jade woman',NULL,'lora-studio-demo','{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}',1.79581089363600611688e+09);
CREATE INDEX ix_job_owner_created ON job (owner, created_at_s);
CREATE INDEX ix_job_status_created ON job (status, created_at_s);
CREATE INDEX ix_lora_name ON lora (name);
COMMIT;
